/* SPDX-License-Identifier: MIT */
/* What a core sends to a worker: where messages end, jobs, command lines, and the answers. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/hosts/worker_command.h"
#include "../../plugins/hosts/worker_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

/* The words lie one after the other in one piece, each ended by a NUL. */
static void command_of(const char *line)
{
	struct worker_command command;
	const char *next = NULL;

	if (worker_command_read(line, &command))
		return;
	demand(command.assigned <= command.argc && !command.argv[command.argc]);
	demand(command.argc <= strlen(line) / 2 + 3);
	for (size_t i = 0; i < command.argc; i++) {
		demand(!next || command.argv[i] >= next);
		next = command.argv[i] + strlen(command.argv[i]) + 1;
		demand(i >= command.assigned || strchr(command.argv[i], '='));
	}
	if (command.needs_shell)
		demand(command.argc == 3 && command.assigned == 0 &&
		       strcmp(command.argv[2], line) == 0);
	else if (command.argc > 0)
		demand((size_t)(next - command.argv[0]) <= strlen(line) + 1);
	worker_command_finish(&command);
}

/* An answer with TEXT as the output is one message, a job itself but for its macros. */
static void answer_to(const struct worker_request *request, const char *text, size_t len)
{
	const struct worker_answer answer = {
		.out = text, .out_len = len, .err = text, .err_len = len, .wait_status = 1};
	struct worker_request again;
	struct fleet_buf out;
	size_t whole = 0;
	long inner;

	fleet_buf_init(&out, (size_t)4 << 20);
	if (worker_message_answer(request, &answer, &out) == 0) {
		inner = worker_message_find(out.data, out.len, &whole);
		demand(inner > 0 && whole == out.len);
		demand(worker_message_read(out.data, (size_t)inner, &again));
		demand(!again.env && strcmp(again.command, request->command) == 0);
		demand(again.timeout_s == request->timeout_s);
	}
	fleet_buf_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct worker_request request;
	size_t at = 0, whole = 0;
	char *line = malloc(size + 1);

	if (!line)
		return 0;
	if (size)
		memcpy(line, data, size);
	line[size] = '\0';
	command_of(line);
	free(line);
	while (at < size) {
		long len = worker_message_find(bytes + at, size - at, &whole);

		if (len < 0)
			break;
		demand((size_t)len + 4 == whole && at + whole <= size);
		if (worker_message_read(bytes + at, (size_t)len, &request)) {
			demand(request.timeout_s > 0 && request.timeout_s <= WORKER_TIMEOUT_MAX_S);
			command_of(request.command);
			answer_to(&request, bytes, size);
		}
		at += whole;
	}
	return 0;
}
