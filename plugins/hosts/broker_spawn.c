/* SPDX-License-Identifier: MIT */
/*
 * Starts a program without waiting for it. fork() takes as long as the core has memory;
 * posix_spawn() and vfork() stop the caller until the new process got a processor and its exec is
 * done, which is 15 ms and more on a busy machine (measured: tests/bench/broker). So the new
 * process shares the core's memory, as with vfork(), but the core goes on at once. Therefore what
 * runs in it until the exec
 *
 *   - has a stack of its own,
 *   - reads only what nobody changes meanwhile and writes only struct broker_program,
 *   - does not touch errno or anything else of the thread, which it shares: system calls without
 *     the functions of libc,
 *   - runs no signal handler of the core's: all signals are blocked until it has none.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "broker.h"

#define STACK_SIZE 32768
#define MASK_SIZE (_NSIG / 8)

static char stack[STACK_SIZE] __attribute__((aligned(16)));

/* A system call; what it returns below 0 is a negative errno. */
static inline long kernel(long number, long a, long b, long c, long d)
{
#if defined(__x86_64__) && defined(__LP64__)
	register long fourth __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
#else
	/* Writes errno when it fails, which of these calls only the exec can do. */
	long result = syscall(number, a, b, c, d);

	return result < 0 ? -errno : result;
#endif
}

__attribute__((no_sanitize_address, noreturn)) static int begin(void *arg)
{
	/* All zero is SIG_DFL and no flags on every architecture; longer than any. */
	static const long default_action[8];
	static const unsigned char no_signal[MASK_SIZE];
	struct broker_program *program = arg;
	long result;

	(void)kernel(SYS_setsid, 0, 0, 0, 0);
	for (int fd = 0; fd < BROKER_WORKER_FD; fd++)
		(void)kernel(SYS_dup3, program->null_fd, fd, 0, 0);
	(void)kernel(SYS_dup3, program->socket_fd, BROKER_WORKER_FD, 0, 0);
	/* An exec resets handlers but leaves ignored what was ignored. */
	for (int number = 1; number < _NSIG; number++)
		if (number != SIGKILL && number != SIGSTOP)
			(void)kernel(SYS_rt_sigaction, number, (long)default_action, 0, MASK_SIZE);
	(void)kernel(SYS_rt_sigprocmask, SIG_SETMASK, (long)no_signal, 0, MASK_SIZE);
	result = kernel(SYS_execve, (long)program->argv[0], (long)program->argv,
			(long)program->envp, 0);
	program->failed = (int)-result;
	for (;;)
		(void)kernel(SYS_exit_group, 127, 0, 0, 0);
}

pid_t broker_spawn(struct broker_program *program)
{
	sigset_t all, before;
	int failed;
	pid_t pid;

	program->failed = 0;
	(void)sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &before))
		return -1;
	pid = clone(begin, stack + sizeof(stack), CLONE_VM | SIGCHLD, program);
	failed = errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	errno = failed;
	return pid;
}
