# SPDX-License-Identifier: MIT
"""fleet_worker under a core that is played by mock_core.py: what tests/hosts/worker-protocol runs.

Prints a line "ok    WHAT" or "FAIL  WHAT" for each check; the exit status is 1 when one failed. Runs as
root, so that it can look at every process; the worker and what the core execs run as --user.
"""
import argparse
import concurrent.futures
import contextlib
import hashlib
import json
import os
import pwd
import random
import re
import resource
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
import traceback
import urllib.request
import uuid

from mock_core import CHECK, HOST_HANDLER, Executor, Late, MockCore, SERVICE_HANDLER, process_began

PLUGINS = ("check_fleet", "fleet_action")
MARK = "FLEETMON_TEST_WORKER"
failed = 0
printing = threading.Lock()


def verdict(good, what, *details):
    global failed
    lines = [("ok    " if good else "FAIL  ") + what]
    for detail in () if good else details:
        lines += ["      " + line[:1200] for line in str(detail).splitlines()[-30:]]
    with printing:
        failed += not good
        print("\n".join(lines), flush=True)
    return good


def until(what, seconds):
    """Polls; whether it became true."""
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


class Simulator:
    def __init__(self, url, ca):
        self.url, self.context = url, ssl.create_default_context(cafile=ca)

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + "/_sim/" + path, data=data, method=method)
        with urllib.request.urlopen(request, context=self.context, timeout=60) as answer:
            return answer.read()

    @contextlib.contextmanager
    def fault(self, kind, path, method=None, **more):
        match = {"path_contains": path, **({"method": method} if method else {})}
        self.call("POST", "faults", {"match": match, "times": -1, "kind": kind, **more})
        try:
            yield
        finally:
            self.call("DELETE", "faults")

    def is_faulty(self):
        """Whether a fault has met a request."""
        return any(fault["applied"] for fault in json.loads(self.call("GET", "faults")))

    def reads(self, fleet):
        """How many times its runs were asked for."""
        log = json.loads(self.call("GET", "requests?method=GET"))
        return sum(f"/fleets/{fleet}/updateRuns?" in r["path"] for r in log)

    def starts(self, fleet):
        """How many requests to start a run of it there were, and how many did something."""
        log = json.loads(self.call("GET", "requests?method=POST"))
        ours = [r for r in log if f"/fleets/{fleet}/" in r["path"] and "/start?" in r["path"]]
        return len(ours), sum(bool(r["effective"]) for r in ours)


class Worker:
    """A fleet_worker that was started, and every process that comes of it."""

    def __init__(self, lab, core, options=(), start=()):
        """START is what runs the program, when it does not run by itself."""
        self.lab, self.mark = lab, uuid.uuid4().hex
        self.log = os.path.join(lab.dir, f"worker-{self.mark[:6]}.log")
        with open(self.log, "wb") as log:
            executor = Executor(lab.user, {**lab.environment, MARK: self.mark})
            self.process = executor.popen(
                [*start, lab.worker, "--query-socket", core.path, *options], stdout=log, stderr=subprocess.STDOUT, cwd="/"
            )
        core.main_pid = self.pid = self.process.pid
        self.seen = {}

    def processes(self):
        """pid -> when it began: all that have our mark, or have a parent that has."""
        marked, parents = {}, {}
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    environment = file.read()
                with open(f"/proc/{name}/stat", "rb") as file:
                    parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
            except OSError:
                continue
            if f"{MARK}={self.mark}".encode() in environment.split(b"\0"):
                marked[int(name)] = process_began(name)
        grown = True
        while grown:
            more = {p: process_began(p) for p, parent in parents.items() if parent in marked and p not in marked}
            grown = bool(more)
            marked.update(more)
        self.seen.update(marked)
        return {pid: began for pid, began in marked.items() if began}

    def names(self):
        for pid in self.processes():
            with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
                yield os.fsdecode(file.read().split(b"\0")[0])

    def named(self, name):
        for pid in self.processes():
            with contextlib.suppress(OSError), open(f"/proc/{pid}/comm", encoding="ascii") as file:
                if file.read().strip() == name:
                    yield pid

    def left(self):
        self.processes()
        return [pid for pid, began in self.seen.items() if began and process_began(pid) == began]

    def alive(self):
        return self.process.poll() is None

    def kill(self, pid, number=signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    def kill_all(self):
        for pid in self.processes():
            self.kill(pid)

    def end(self, seconds=60):
        """SIGTERM; its exit status, or None when it did not end."""
        self.processes()
        self.kill(self.pid, signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()


class Session:
    """A core of one dialect and a worker that it has registered."""

    def __init__(self, lab, dialect, name, begin=True, **worker):
        self.lab, self.dialect, self.name = lab, dialect, name
        self.executor = Executor(lab.user, lab.environment, dialect)
        self.core = MockCore(os.path.join(lab.dir, "core", f"{uuid.uuid4().hex[:8]}.qh"), dialect, self.executor, lab.user)
        self.workers = []
        self.begin, self.how = begin, worker
        self.provoked = False  # whatever the core would complain of was its own doing

    def __enter__(self):
        if self.begin:
            self.core.start()
            self.start_worker()
            self.core.wait_registered()
        return self

    def start_worker(self):
        self.workers.append(Worker(self.lab, self.core, **self.how))
        return self.workers[-1]

    @property
    def worker(self):
        return self.workers[-1]

    def check(self, good, what, *details):
        return verdict(good, f"{self.dialect}: {self.name}: {what}", *details)

    def __exit__(self, kind, error, trace):
        if kind:
            text = "".join(traceback.format_exception(kind, error, trace)[-3:])
            self.check(False, "goes through", text, *(worker.said() for worker in self.workers[-2:]))
        for worker in self.workers:
            if worker.alive() and worker.end() is None:
                self.check(False, "the worker ends at SIGTERM", worker.said())
                worker.kill_all()
        self.core.stop()
        complaints = [] if self.provoked else self.core.violations
        self.check(not complaints, "the core has nothing to complain of", *complaints[:10])
        left = [worker for worker in self.workers if not until(lambda w=worker: not w.left(), 90)]
        self.check(not left, "no process of the worker is left", *(worker.left() for worker in left))
        for worker in left:
            worker.kill_all()
        return kind is not None and issubclass(kind, Exception)


class Lab:
    def __init__(self, arguments):
        self.dir, self.prefix, self.times = arguments.dir, arguments.prefix, arguments.times
        self.worker = arguments.worker or f"{self.prefix}/sbin/fleet_worker"
        self.modules, self.dialects = arguments.modules, arguments.dialects.split(",")
        account = pwd.getpwnam(arguments.user)
        self.user = (account.pw_uid, account.pw_gid)
        self.environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C", "HOME": "/"}
        self.sim = Simulator(arguments.sim, f"{self.dir}/ca/ca.pem")
        self.plugin = f"{self.prefix}/lib/nagios/plugins/check_fleet"
        self.action = f"{self.prefix}/lib/nagios/plugins/fleet_action"
        self.config = f"{self.prefix}/etc/fleetmon/fleetmon.conf"
        self.acting = iter(range(1000))
        self.rehearsed = self.fleet()  # never acted on

    def fleet(self):
        """One whose newest run has failed and that nobody has acted on."""
        return f"act-{next(self.acting)}"

    def start(self, fleet):
        """What the shipped event handler becomes with the macros filled in."""
        return (
            f"{self.action} start --fleet '{fleet}' --execute --state='CRITICAL' --state-type='HARD' --host-state='UP'"
            " --attempt='5' --max-attempts='5' --downtime='0' --host-downtime='0' --acknowledged=''"
            " --percent-change='0.00' --problem-id='7'"
        )

    def audit(self, fleet):
        with contextlib.suppress(FileNotFoundError), open(f"{self.dir}/log/audit.jsonl", encoding="utf-8") as file:
            return [line for line in map(json.loads, file) if line.get("fleet") == fleet]
        return []


def shown(answer):
    return f"exit {answer.code} signal {answer.signal} by {answer.via}: {answer.stdout[:900]!r} stderr {answer.stderr[:200]!r}"


def same(one, other):
    """Whether a core makes the same of both answers. Of stderr it only takes notice without stdout."""
    if (one.code, one.signal, one.stdout) != (other.code, other.signal, other.stdout):
        return False
    return bool(one.stdout) or one.code in (2, 13, 126, 127) or one.stderr == other.stderr


NUMBER = rb"[0-9]+[smhd](?: [0-9]+[smhd])*|[0-9]+|(?<==)U"  # 59s becomes 1m 0s, and U is what is not known at first


def without_numbers(answer):
    return answer._replace(stdout=re.sub(NUMBER, b"0", answer.stdout))


def alike(one, other):
    """The same but for numbers: ages go on."""
    return same(without_numbers(one), without_numbers(other))


def seconds_of(number):
    units = {b"s": 1, b"m": 60, b"h": 3600, b"d": 86400, b"": 1}
    return sum(int(digits) * units[unit] for digits, unit in re.findall(rb"([0-9]+)([smhd]?)", number))


def between(before, answer, after):
    """Whether it is what was given before and after it, where each number may lie between theirs: with time an
    age goes on, and all else is the same."""
    if not (alike(answer, before) and alike(answer, after)):
        return False
    numbers = [[seconds_of(number) for number in re.findall(NUMBER, a.stdout)] for a in (before, answer, after)]
    return all(min(first, last) <= number <= max(first, last) for first, number, last in zip(*numbers))


def compare(session, commands, **more):
    """Runs each of (WHAT, COMMAND, PLUGIN) by exec and as a job: the results have to be equal. One that changes
    with time is compared with an exec before and one after."""
    core, execute, patience = session.core, session.executor.run, 60
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        before = list(pool.map(execute, [os.fsencode(command) for _, command, _ in commands]))
    jobs = [
        core.submit(command, plugin=plugin, kind=number % 8, **more) for number, (_, command, plugin) in enumerate(commands)
    ]
    for (what, command, plugin), wanted, job in zip(commands, before, jobs):
        answer = job.wait()
        is_right, end = same(answer, wanted), time.monotonic() + patience
        while not is_right:
            earlier, wanted = wanted, execute(os.fsencode(command))
            is_right = same(answer, wanted) or between(earlier, answer, wanted)
            if is_right or time.monotonic() > end:
                break
            answer = core.run(command, plugin=plugin, **more)
        good = session.check(
            is_right and answer.via == plugin,
            what,
            f"command {command[:300]!r}",
            "exec:   " + shown(wanted),
            "worker: " + shown(answer),
        )
        if not good:  # the run has failed; that it be over some time
            patience = 5


# ---- Results


def table(lab):
    """The services of checks.table: (WHAT, COMMAND)."""
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "checks.table"), encoding="utf-8") as file:
        for line in file:
            cells = [cell.strip() for cell in line.split("|")]
            if line.startswith("#") or len(cells) < 6:
                continue
            fleet, service, module, options = cells[:4]
            yield f"{module} of {fleet}, {service}", f"{lab.plugin} {module} --fleet {fleet} {options}".strip()


def commands_of(lab, dialect):
    check, calm = lab.plugin, f"{lab.plugin} run --fleet calm"
    other = os.path.join(lab.dir, "other")
    checks = dict(table(lab))
    checks.update({f"{what}, {form}": f"{command} --output {form}" for what, command in list(checks.items())[::4] for form in ("json", "openmetrics")})
    checks.update(
        {
            "-h": f"{check} -h",
            "--help of a module": f"{check} run --help",
            "--version": f"{check} --version",
            "--list": f"{check} --list",
            "--describe": f"{check} stage --describe",
            "--check-config": f"{check} --check-config",
            "--explain": f"{check} runs --fleet prod --explain",
            "-v": f"{check} members --fleet prod -v",
            "no argument": check,
            "unknown module": f"{check} nope --fleet calm",
            "hostile module": f"{check} ../../etc/passwd",
            "unknown option": f"{check} run --colour red",
            "bad value": f"{check} run --warning soon",
            "bad timeout": f"{check} run -t 0",
            "positional argument": f"{check} run x",
            "missing fleet": f"{check} run --fleet nope",
            "missing run": f"{calm} --run nope",
            "another configuration": f"{check} run --config {lab.dir}/none.conf",
            "a module directory that is not absolute": f"{check} run --module-dir .",
            "single quotes": f"{check} 'run' --fleet 'calm'",
            "double quotes": f'{check} run --fleet "calm" --match "week.*"',
            "quotes within words": f"{check} r'u'n --fl\"ee\"t=c'al'm",
            "escapes": f"{check} run --fleet ca\\lm --match we\\ ek\\\\ly",
            "many blanks": f"{check}  run \t --fleet   calm  ",
            "an empty argument": f"{check} run --fleet calm --run ''",
            "quoted metacharacters": f"{check} run --fleet calm --match '(a|b)*;$x&<>`'",
            "a newline in an argument": f"{check} run --fleet calm --run 'a\nb'",
            "unicode": f"{check} run --fleet 'Z\u00fcrich\u2603'",
            "bytes that are no UTF-8": os.fsencode(f"{check} run --fleet ") + b"'\xff\xfe\x01\x1b[2J'",
            "100 KB": f"{check} run --fleet calm --run {'a' * 100000}",
            "100 KB in many words": f"{calm} " + "-v " * 33000,
            "a pipe": f"{calm} | head -c 20",
            "a list": f"{calm}; echo done; exit 7",
            "and": f"{calm} && exit 9",
            "substitution": f"{check} run --fleet $(echo calm)",
            "backticks": f"{check} run --fleet `echo calm`",
            "a variable": f"{check} run --fleet calm --run $HOME",
            "a wildcard": f"{calm} --run /et?/passwd",
            "a subshell": f"{check} --version (",
            "an open quote": f"{check} run --fleet 'calm",
            "a signal": f"{check} --version; kill -9 $$",
            "stderr alone": f"{check} --version 1>&2; exit 2",
            "a program of the same name": f"{other}/check_fleet run 'a b' \"c\"",
            "no such program": "/nonexistent/check_fleet run",
            "the link in bin": f"{lab.prefix}/bin/check_fleet run --fleet calm",
            "not in PATH": "check_fleet run --fleet calm",
            "a variable before it": f"VAR=x {calm}",
            "variables before it": f"LANG=de_DE.UTF-8 TZ='Asia/Tokyo' {calm}",
            "a variable that a program of the same name sees": f"VAR=x {other}/check_fleet run",
            "a fleet_action among checks": f"{lab.action} --version",
        }
    )
    if dialect == "nagios":  # Naemon hands > over as an argument
        checks["redirection"] = f"{calm} >/dev/null 2>&1"
    actions = {
        "an action's --help": f"{lab.action} start --help",
        "an action's --version": f"{lab.action} --version",
        "an action's --list": f"{lab.action} --list",
        "an unknown action": f"{lab.action} nope",
        "an action without a permission": lab.start("calm"),
        "a dry run": lab.start(lab.rehearsed).replace(" --execute", ""),
        "an action at a SOFT state": lab.start(lab.rehearsed).replace("HARD", "SOFT"),
        "an action in downtime": lab.start(lab.rehearsed).replace("--downtime='0'", "--downtime='1'"),
        "a policy in words": f"{lab.action} --check-policy",
    }
    return [(what, command, "check_fleet") for what, command in checks.items()] + [
        (what, command, "fleet_action") for what, command in actions.items()
    ]


def results(lab, dialect):
    """Each job has the result that exec gives."""
    with Session(lab, dialect, "results") as session:
        session.check(True, "registers both plugins")
        compare(session, commands_of(lab, dialect))


def environment(lab, dialect):
    """Macros in the environment reach the program and are not in the answer."""
    if dialect != "nagios":
        return
    with Session(lab, dialect, "environment") as session:
        env = [(b"NAGIOS_HOSTNAME", b"prod"), (b"NAGIOS_LONGSERVICEOUTPUT", b"a=b; c"), (b"NAGIOS__HOSTFLEET", b"")]
        command = f"{lab.dir}/other/check_fleet env"
        wanted = session.executor.run(os.fsencode(command), 60, dict(env))
        answer = session.core.run(command, env=env)
        session.check(same(answer, wanted), "macros", shown(wanted), shown(answer))
        answer = session.core.run(f"{lab.plugin} --version", env=env)
        session.check(answer.code == 3 and b"fleetmon" in answer.stdout, "macros of a job of ours", shown(answer))


def timeouts(lab, dialect):
    """A job that takes longer than it may is answered as timed out, and delays no other."""
    with Session(lab, dialect, "timeouts") as session, lab.sim.fault("hang", "/fleets/hung/"):
        core = session.core
        slow = [core.submit(f"{lab.plugin} {module} --fleet hung -t 50", timeout=20) for module in ("run", "fleet", "members")]
        slow.append(core.submit(f"{lab.dir}/other/check_fleet sleep", timeout=20))
        slow.append(core.submit(f"{lab.plugin} --version; sleep 60", timeout=20))
        slow.append(core.submit(lab.start("hung") + " -t 50", timeout=20, kind=SERVICE_HANDLER))
        quick = [core.submit(f"{lab.plugin} {words}") for words in ("--version", "run --fleet calm", "runs --fleet prod") * 5]
        answers = [job.wait() for job in quick]
        session.check(all(answer.stdout and not answer.timed_out for answer in answers), "others are answered", *map(shown, answers))
        late = [job.wait() for job in slow]
        session.check(all(answer.timed_out for answer in late), "who hangs is answered as timed out", *map(shown, late))
        took = [job.answered - job.sent for job in slow]
        session.check(all(seconds >= 19.9 for seconds in took), "when the time is over", took)
        first = min(job.answered for job in slow)
        session.check(all(job.answered < first for job in quick), "others are not delayed", first - max(j.answered for j in quick))
        crowd = [core.submit(f"{lab.plugin} run --fleet hung -t 50", timeout=2) for _ in range(60)]
        answers = [job.wait(180) for job in crowd]
        session.check(all(a.timed_out or a.code == 3 for a in answers), "a crowd that hangs", *map(shown, answers[:3]))
        session.check(core.run(f"{lab.plugin} --version").code == 3, "and work goes on")


def flood(lab, dialect):
    """Many jobs at once; each is answered once."""
    with Session(lab, dialect, "flood") as session:
        core = session.core
        names = [("--version", 0), ("run --fleet calm", 0), ("--list", 0), ("nope", 0), ("members --fleet calm", 0)]
        commands = [f"{lab.plugin} {words}" for words, _ in names]
        wanted = {command: session.executor.run(os.fsencode(command)) for command in commands}
        limit = core.worker("check_fleet").max_jobs
        with core.coalesced("check_fleet"):
            jobs = [core.submit(commands[n % len(commands)], kind=n % 8) for n in range(min(200, limit))]
        answers = [job.wait(180) for job in jobs]
        wrong = [shown(a) for job, a in zip(jobs, answers) if not alike(a, wanted[os.fsdecode(job.command)])]
        session.check(not wrong, f"{len(jobs)} at once", *wrong[:5])
        # A Nagios does not read while it writes: who blocks in writing answers now blocks both for ever.
        jobs = [core.submit(f"{lab.plugin} --version", kind=n % 8) for n in range(2000 if dialect == "nagios" else min(2000, limit + 20))]
        answers = [job.wait(300) for job in jobs if not job.lost]
        session.check(all(a.code == 3 for a in answers), f"{len(answers)} before any answer is read", *map(shown, answers[:3]))
        lost = sum(job.lost for job in jobs)
        session.check(not lost or dialect == "naemon", f"max_jobs of {limit} keep {lost} of {len(jobs)} jobs away")


# ---- Bytes on the socket


def framing(lab, dialect):
    """Messages in pieces, in one piece, behind the OK."""
    with Session(lab, dialect, "framing") as session:
        core, command = session.core, f"{lab.plugin} run --fleet calm"
        wanted = session.executor.run(os.fsencode(command))
        core.trickle = True
        answers = [core.run(command), core.run(lab.start("prod"))]
        core.trickle = False
        session.check(alike(answers[0], wanted) and answers[1].code == 1, "byte by byte", *map(shown, answers))
        early = {plugin: core.greet(plugin, f"{lab.plugin if plugin == PLUGINS[0] else lab.action} --version") for plugin in PLUGINS}
        for plugin in PLUGINS:
            core.drop_connection(plugin)
        answers = [early[plugin].wait() for plugin in PLUGINS]
        session.check(all(a.code == 3 for a in answers), "jobs in one piece with the OK", *map(shown, answers))
        core.trickle = True
        early = core.greet("check_fleet", command)
        core.drop_connection("check_fleet")
        answer = early.wait()
        session.check(alike(answer, wanted), "an OK in pieces", shown(answer), shown(wanted))
        core.trickle = False
        session.check(core.run(command).via == "check_fleet", "and work goes on")


def rubbish(lab, dialect):
    """Messages that no core sends: the worker may end the connection, but not itself."""
    end = b"\x01\0\0\0"
    command = f"{lab.plugin} run --fleet gated"  # what runs beside this acts on calm
    messages = {
        "an empty message": end,
        "many empty messages": end * 1000,
        "text without pairs": b"hello\0" + end,
        "a job without an id": b"type=0\0command=" + os.fsencode(command) + b"\0timeout=5\0" + end,
        "a job without a command": b"job_id=4000000\0type=0\0timeout=5\0" + end,
        "an empty command": b"job_id=4000001\0type=0\0command=\0timeout=5\0" + end,
        "numbers that are none": b"job_id=x\0type=y\0command=a\0timeout=z\0" + end,
        "numbers out of range": b"job_id=99999999999999999999\0type=-1\0command=a b\0timeout=-5\0" + end,
        "keys without values": b"job_id\0type\0command\0timeout\0" + end,
        "the end within a pair": b"job_id=5\0comm" + end,
        "binary": bytes(range(256)) * 40 + b"\0" + end,
        "8 MiB of a command": b"job_id=4000002\0type=0\0timeout=5\0command=/x/check_fleet " + b"a" * (8 << 20) + b"\0" + end,
    }
    # Whoever ends the connection waits longer each time before the next: a worker for each few.
    names = list(messages)
    for some in (names[at::4] for at in range(4)):
        with Session(lab, dialect, "rubbish") as session:
            core = session.core
            session.provoked = True  # it may answer what has no id of ours, and repeat 8 MiB
            wanted = session.executor.run(os.fsencode(command))
            for what in some:
                core.send_raw("check_fleet", messages[what])
                deadline, answer = time.monotonic() + 240, None
                while time.monotonic() < deadline and (answer is None or answer.via != "check_fleet"):
                    with contextlib.suppress(Late):
                        core.wait_registered()
                        answer = core.run(command, seconds=30)
                    time.sleep(0.1)
                good = answer and answer.via == "check_fleet" and alike(answer, wanted)
                session.check(good and session.worker.alive(), what, shown(wanted), answer and shown(answer), session.worker.said())


def stops_reading(lab, dialect):
    """A core that stops reading loses nothing, and the other connection is not touched."""
    with Session(lab, dialect, "a core that stops reading") as session:
        core, command = session.core, f"{lab.plugin} run --help"
        wanted = session.executor.run(os.fsencode(command))
        core.pause("check_fleet")
        count = min(300, core.worker("check_fleet").max_jobs)
        jobs = [core.submit(command) for _ in range(count)]
        answers = [core.run(f"{lab.action} --version", kind=SERVICE_HANDLER) for _ in range(10)]
        session.check(all(a.code == 3 and a.via == "fleet_action" for a in answers), "the other connection goes on", *map(shown, answers))
        core.resume("check_fleet")
        answers = [job.wait(180) for job in jobs]
        wrong = [a for a in answers if not same(a, wanted) or a.via != "check_fleet"]
        session.check(not wrong, f"{count} answers of {len(wanted.stdout)} bytes come afterwards", *map(shown, wrong[:5]))
        session.check(not core.breaks, "on the same connection", core.breaks)


# ---- Actions


def kinds(line):
    """Its keys, and what says what was done."""
    return sorted(line), [line.get(key) for key in ("outcome", "rule", "action", "run")], line.get("event")


def actions(lab, dialect):
    """An event handler acts once, whatever becomes of the worker meanwhile."""
    with Session(lab, dialect, "actions") as session:
        core = session.core
        by_exec, by_worker = lab.fleet(), lab.fleet()
        wanted = session.executor.run(os.fsencode(lab.start(by_exec)))
        answer = core.run(lab.start(by_worker), kind=SERVICE_HANDLER)
        session.check(
            answer.code == wanted.code == 0 and said(answer, by_worker) == said(wanted, by_exec),
            "a handler says what exec says",
            shown(wanted),
            shown(answer),
        )
        session.check(lab.sim.starts(by_worker) == (1, 1) == lab.sim.starts(by_exec), "and starts the run, once", lab.sim.starts(by_worker))
        lines = [lab.audit(fleet) for fleet in (by_exec, by_worker)]
        session.check(
            len(lines[0]) == len(lines[1]) >= 1 and list(map(kinds, lines[0])) == list(map(kinds, lines[1])),
            "the audit log has the same line",
            *(json.dumps(line) for line in lines),
        )
        answer = core.run(lab.start(by_worker), kind=HOST_HANDLER)
        session.check(lab.sim.starts(by_worker) == (1, 1), "a second call starts nothing", shown(answer))
        many = lab.fleet()
        jobs = [core.submit(lab.start(many), kind=SERVICE_HANDLER) for _ in range(8)]
        answers = [job.wait() for job in jobs]
        session.check(lab.sim.starts(many)[1] == 1, "eight at once start it once", lab.sim.starts(many), *map(shown, answers))
        for what in ("the worker is killed", "all its processes are killed", "the core drops the connection", "the core kills the pid"):
            interrupted(lab, session, what)
        if dialect == "nagios":  # as with enable_environment_macros=1
            env = [(b"NAGIOS_LONGSERVICEOUTPUT", b"x" * 8000), *((b"NAGIOS_MACRO%d" % n, b"") for n in range(150))]
            interrupted(lab, session, "the worker is killed", env=env)


def said(answer, fleet):
    """What an action said, without what is of this call alone."""
    text = answer.stdout.replace(fleet.encode(), b"FLEET")
    return re.sub(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", b"ID", text)


def interrupted(lab, session, what, env=None):
    """WHAT happens while the service takes its time with the request. Nobody answers when all processes are
    killed, or the core does not listen: then it runs the job again."""
    core, worker, fleet = session.core, session.worker, lab.fleet()
    with lab.sim.fault("delay", f"/fleets/{fleet}/", method="POST", ms=1000):
        job = core.submit(lab.start(fleet), kind=SERVICE_HANDLER, env=env)
        session.check(until(lab.sim.is_faulty, 90), f"{what} during an action: it is under way")
        if what == "the worker is killed":
            worker.kill(worker.pid)
        elif what == "all its processes are killed":
            worker.kill_all()
        elif what == "the core kills the pid":
            first = core.worker("fleet_action")
            core.kill_registered_pid("fleet_action")
        else:
            core.drop_connection("fleet_action")
        answer = job.wait()
        # Whoever still works for the connection that is gone may have something to do.
        until(lambda: lab.sim.starts(fleet)[1] >= 1, 60)
        until(lambda: not any("fleet_action" in name for name in worker.names()), 60)
    count = lab.sim.starts(fleet)
    if what in ("the worker is killed", "the core kills the pid"):
        session.check(not job.reassigned, f"{what} during an action: the core does not run it again", shown(answer))
    session.check(count[1] == 1, f"{what} during an action: one request has an effect", count, shown(answer), json.dumps(lab.audit(fleet)))
    if not worker.alive() or what.endswith("killed"):
        session.check(until(lambda: not worker.left(), 90), f"{what} during an action: no process is left", worker.left())
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.process.wait(60)
        session.start_worker()
    if what == "the core kills the pid":
        # Until then that connection has no holder, which a worker that is killed would need.
        let_go = core.wait_for(lambda: core.worker("fleet_action") is not first, 60)
        session.check(let_go, f"{what} during an action: the connection is left", worker.said())
    core.wait_registered()


def kills(lab, dialect):
    """SIGKILL at random moments, to any process of the worker, under load."""
    times = len(range(lab.dialects.index(dialect), lab.times, len(lab.dialects)))
    with Session(lab, dialect, f"{times} times kill -9") as session:
        core, lost, again, twice, left = session.core, [], [], [], []
        core.may_repeat = True
        for _ in range(times):
            worker, fleet = session.worker, lab.fleet()
            loads = [f"{lab.plugin} {words}" for words in ("--version", "run --fleet calm", "runs --fleet prod", "gates --fleet gated")]
            jobs = [core.submit(random.choice(loads)) for _ in range(20)] + [core.submit(lab.start(fleet), kind=SERVICE_HANDLER)]
            time.sleep(random.uniform(0, 0.4))
            victims = worker.processes()
            if victims:
                victim = random.choice([worker.pid] * len(victims) + list(victims))
                worker.kill(victim)
            for job in jobs:
                try:
                    job.wait(120)
                except Late as late:
                    lost.append(late)
            if victims and victim == worker.pid:
                worker.process.wait(60)
            if not until(lambda w=worker: w.alive() or not w.left(), 60):
                left.append(worker.left())
            if not worker.alive():
                session.start_worker()
            core.wait_registered()
            # Who kills a holder, and then the worker before it has another one, leaves no heir.
            if victims:
                core.wait_for(lambda v=victim: all(core.worker(p) and core.worker(p).pid != v for p in PLUGINS), 60)
            if lab.sim.starts(fleet)[1] > 1:
                twice.append((fleet, lab.sim.starts(fleet)))
            again += [job.command for job in jobs if job.reassigned]
        session.check(not lost, "every job is answered", *lost[:5])
        # Nagios would throw away what becomes of those.
        session.check(not again, "none is left to the core", *again[:5])
        session.check(not twice, "no action is done twice", twice)
        session.check(not left, "no process of a killed worker stays", left)
        session.check(core.run(f"{lab.plugin} --version").via == "check_fleet", "and work goes on")


# ---- Beginnings and ends


def forgotten(lab, _dialect):
    """A core that is reloaded as Naemon is."""
    with Session(lab, "naemon", "forgotten") as session:
        core, worker = session.core, session.worker
        slow = core.submit(f"{lab.plugin} --version; sleep 5")
        until(lambda: core.has_taken("check_fleet"), 60)
        core.forget()
        core.wait_registered()
        session.check("the core was reloaded" in worker.said(), "a worker that the core has forgotten registers again", worker.said())
        session.check(slow.wait().stdout and not slow.reassigned, "but first answers what was under way", shown(slow.answer))
        answer = core.run(f"{lab.plugin} run --fleet calm")
        session.check(answer.via == "check_fleet" and answer.stdout, "and works again", shown(answer))


def restarts(lab, dialect):
    """The core restarts, is not there, refuses, does not answer, kills."""
    with Session(lab, dialect, "restarts") as session:
        core, worker = session.core, session.worker
        for number in range(2):
            for _ in range(10):
                core.submit(f"{lab.plugin} run --fleet calm")
            core.restart(0.2 + 2 * number)
            core.wait_registered()
            session.check(worker.alive(), f"registers again after restart {number + 1} of the core", worker.said())
            answer = core.run(f"{lab.plugin} run --fleet calm")
            session.check(answer.via == "check_fleet" and answer.stdout, f"and works after it, {number + 1}", shown(answer))
        began = time.monotonic()
        for _ in range(9):
            core.restart(0.1)
            core.wait_registered()
        # With pauses that grow it would be more than two minutes.
        session.check(time.monotonic() - began < 90, "and at once after each of nine", f"{time.monotonic() - began:.1f} s", worker.said())
        for plugin in PLUGINS:
            core.kill_registered_pid(plugin)
            let_go = core.wait_for(lambda p=plugin: core.worker(p) is None, 60)
            session.check(let_go, f"lets go of {plugin} when its pid is killed", worker.said())
            core.wait_registered()
            other = PLUGINS[plugin == PLUGINS[0]]
            session.check(worker.alive(), f"registers {plugin} again when its pid is killed", worker.said())
            session.check((other, "worker") not in core.breaks, f"{other} is not touched by that", core.breaks)
            core.breaks.clear()
    with Session(lab, dialect, "refusals") as session:
        core, worker = session.core, session.worker
        core.refusals = [b"400: Bad request\0", b"503: Server full", b"", b"x" * (32 << 20)]
        core.restart(0.1)
        core.wait_registered(seconds=240)
        session.check("400: Bad request" in worker.said(), "a refusal is reported", worker.said())
        session.check("refuses us: xxx" in worker.said(), "so is one without an end", worker.said())
        session.check(not core.refusals and worker.alive(), "and tried again")


def no_core(lab, dialect):
    """Without a core there is nothing to do but to wait; without a registration, too."""
    with Session(lab, dialect, "no core", begin=False) as session:
        core = session.core
        worker = session.start_worker()
        tried = until(lambda: "no core answers" in worker.said(), 60)
        session.check(tried and worker.alive(), "a worker without a core waits", worker.said())
        core.mute = True
        core.start()
        until(lambda: core.requests >= 1, 60)
        session.check(core.requests >= 1, "connects when there is one", worker.said())
        core.mute = False
        # Those that it has not answered it will never answer.
        good = core.wait_for(lambda: all(map(core.worker, PLUGINS)), 300)
        session.check(good, "gives up a registration that is not answered, and tries again", worker.said())
        shutil.copy(worker.log, worker.log + ".old")
    with Session(lab, dialect, "no core", begin=False) as session:
        worker = session.start_worker()
        until(lambda: "no core answers" in worker.said(), 60)
        session.check(worker.end() == 0, "SIGTERM ends it meanwhile, in order", worker.said())
        session.core.start()


def signals(lab, dialect):
    """SIGHUP reloads while jobs run, SIGTERM ends when they have been answered."""
    with Session(lab, dialect, "signals") as session:
        with lab.sim.fault("delay", "/fleets/slow-1/", ms=1200):
            hangs_up(lab, session)
        with lab.sim.fault("delay", "/fleets/slow-2/", ms=1200):
            terminates(lab, session)


def slow_checks(lab, core, fleet):
    return [core.submit(f"{lab.plugin} {module} --fleet {fleet} -t 60") for module in ("run", "fleet", "members")]


def hangs_up(lab, session):
    core, worker = session.core, session.worker
    jobs = slow_checks(lab, core, "slow-1")
    late = f"{lab.plugin} run --fleet late"
    unknown = core.run(late)
    with open(lab.config, encoding="utf-8") as file:
        config = file.read()
    with open(lab.config + ".new", "w", encoding="utf-8") as file:
        file.write(config.replace("    calm: {", f"    late: {{ fleet = \"calm\"; subscription = \"11111111-2222-3333-4444-555555555555\"; resource_group = \"rg-fleet\"; cloud = \"sim\"; reader = \"app\"; operator = \"app\"; ttl = \"1h\"; }};\n    calm: {{", 1))
    os.rename(lab.config + ".new", lab.config)
    worker.kill(worker.pid, signal.SIGHUP)
    jobs += [core.submit(f"{lab.plugin} --version") for _ in range(20)]
    answers = [job.wait() for job in jobs]
    session.check(all(a.via == "check_fleet" and a.stdout for a in answers), "SIGHUP: every job is answered", *map(shown, answers))
    session.check(not core.breaks and worker.alive(), "SIGHUP: no connection ends", core.breaks)
    wanted = session.executor.run(os.fsencode(late))
    session.check(
        unknown.code == 3 and until(lambda: alike(core.run(late), wanted), 90) and wanted.code != 3,
        "SIGHUP: the new configuration is in force",
        shown(unknown),
        shown(wanted),
        shown(core.run(late)),
    )


def terminates(lab, session):
    core, worker = session.core, session.worker
    slow = slow_checks(lab, core, "slow-2")
    act = core.submit(lab.start("slow-2") + " -t 60", kind=SERVICE_HANDLER)
    under_way = until(lambda: all(map(core.has_taken, PLUGINS)) and lab.sim.is_faulty(), 60)
    session.check(under_way, "SIGTERM: jobs are under way", worker.said())
    worker.kill(worker.pid, signal.SIGTERM)
    session.check(until(lambda: "asked to end" in worker.said(), 60), "SIGTERM: is taken notice of", worker.said())
    # While it still has what is under way, it is not deaf: Nagios would throw away what becomes of these,
    # and stand still when there is no more room for them.
    after = [core.submit(f"{lab.plugin} --version") for _ in range(1000)]
    answers = [job.wait() for job in slow + [act]]
    session.check(all(a.via in PLUGINS and a.stdout for a in answers), "SIGTERM: what runs is answered", *map(shown, answers))
    answers = [job.wait() for job in after]
    session.check(
        all(a.stdout for a in answers) and not any(job.reassigned for job in [*slow, act, *after]),
        "SIGTERM: no job is left to the core half way",
        sum(job.reassigned for job in after),
    )
    status = worker.end(60)
    session.check(status == 0, f"SIGTERM: ends in order, {status}", worker.said())
    session.check(until(lambda: not any(map(core.worker, PLUGINS)), 60), "SIGTERM: both connections are closed")
    session.check(core.run(f"{lab.plugin} --version").via == "exec", "the core goes on by exec")
    session.check(lab.sim.starts("slow-2") == (1, 1), "an action at SIGTERM is done once", lab.sim.starts("slow-2"))


def heirs(lab, dialect):
    """A worker that was killed has heirs, which do its work as it did, end by themselves and hear nothing."""
    with Session(lab, dialect, "heirs") as session:
        core, worker = session.core, session.worker
        slow = [core.submit(f"{lab.plugin} --version; sleep 5") for _ in range(3)]
        until(lambda: core.has_taken("check_fleet"), 60)
        holder = core.worker("check_fleet").pid
        worker.kill(worker.pid)
        worker.process.wait(60)
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            worker.kill(holder, number)
        quick = [core.submit(f"{lab.plugin} --version") for _ in range(20)]
        quick[0].wait()
        # A core goes on sending, and by exec each it can send more than a machine can do: then the heir
        # would stay, and each kill would leave one more.
        session.check(any(worker.named("fleet_runner")), "a heir has runners for checks", list(worker.names()))
        answers = [job.wait() for job in slow + quick]
        session.check(
            all(a.stdout for a in answers) and not any(job.reassigned for job in slow + quick), "every job is answered", *map(shown, answers)
        )
        session.check(core.wait_for(lambda: core.worker("check_fleet") is None, 60), "the connection ends in a quiet moment")
        session.check(until(lambda: process_began(holder) is None, 60), "and so does the heir")


def beginners(lab, dialect):
    """Many checks at once do not begin as many runners at once."""
    with Session(lab, dialect, "beginners") as session:
        core, worker = session.core, session.worker
        began = time.monotonic()
        jobs = [core.submit(f"{lab.plugin} run --fleet calm") for _ in range(64)]
        until(lambda: any(worker.named("fleet_runner")), 60)
        most = max(4, 2 * os.cpu_count())
        for _ in range(5):
            count = len(list(worker.named("fleet_runner")))
            may = most * (int((time.monotonic() - began) / 0.25) + 1)
            session.check(count <= may, f"{count} runners, {may} may have begun")
        answers = [job.wait() for job in jobs]
        session.check(all(a.stdout for a in answers), "every job is answered", *map(shown, answers))


def busy_core(lab, dialect):
    """Whoever lets go of a core that is at work has it send a job to nobody."""
    with Session(lab, dialect, "busy core") as session:
        core = session.core
        since = time.thread_time()
        hashlib.pbkdf2_hmac("sha256", b"", b"", 1000000)
        rounds = int(1000000 * 4 / (time.thread_time() - since))
        first = core.worker("check_fleet")
        core.kill_registered_pid("check_fleet")
        # This process is the core, as the worker sees it, and works for some seconds without a rest.
        hashlib.pbkdf2_hmac("sha256", b"", b"", rounds)
        session.check(core.worker("check_fleet") is first, "while the core works the connection stays", session.worker.said())
        let_go = core.wait_for(lambda: core.worker("check_fleet") is not first, 60)
        session.check(let_go, "when it rests it is closed", session.worker.said())
        core.wait_registered()
        answer = core.run(f"{lab.plugin} --version")
        session.check(answer.via == "check_fleet" and answer.stdout, "and comes back", shown(answer))


def places(lab, dialect):
    """Checks that are programs and take long do not keep an action from its time."""
    with Session(lab, dialect, "places", options=("--max-programs=2",)) as session:
        core, fleet = session.core, lab.fleet()
        slow = [core.submit(f"{lab.plugin} --version; sleep 20") for _ in range(2)]
        late = core.submit(f"{lab.plugin} --version; echo late")
        until(lambda: core.has_taken("check_fleet"), 60)
        act = core.submit(lab.start(fleet), kind=SERVICE_HANDLER)
        answer = act.wait()
        session.check(answer.code == 0 and lab.sim.starts(fleet) == (1, 1), "the action is done", shown(answer))
        for job in slow:
            job.wait()
        session.check(act.answered < min(job.answered for job in slow), "before there is a place for checks")
        session.check(late.wait().stdout.endswith(b"late\n"), "for which the next one waits", shown(late.answer))


def poor(lab, dialect):
    """A parent that ignores SIGCHLD, and a system that has no process to give."""
    ignoring = ("/bin/sh", "-c", "trap '' CHLD; exec \"$@\"", "sh")
    with Session(lab, dialect, "poor", start=ignoring) as session:
        core, worker = session.core, session.worker
        answer = core.run(f"{lab.action} --version")
        session.check(answer.code == 3 and answer.stdout, "SIGCHLD that was ignored does no harm", shown(answer))
        before = resource.getrlimit(resource.RLIMIT_NPROC)[0]
        limit = ["prlimit", "--pid", str(worker.pid)]
        session.executor.popen([*limit, "--nproc=1:"]).wait(60)
        answers = [core.run(f"{lab.plugin} --version") for _ in range(3)]
        session.check(
            all(not a.timed_out and a.code == 3 and b"unavailable" in a.stderr for a in answers),
            "without a process a check is UNKNOWN, and says why",
            *map(shown, answers),
        )
        session.check(worker.said().count("no process can be started for checks") == 1, "which is logged once", worker.said())
        session.executor.popen([*limit, f"--nproc={'unlimited' if before < 0 else before}:"]).wait(60)
        answer = core.run(f"{lab.plugin} --version")
        session.check(answer.code == 3 and answer.stdout, "until there is one", shown(answer))


def transports(lab, dialect):
    """Whatever becomes of the process that has the connections, a check is answered."""
    switch = os.path.join(lab.dir, "no_transport")

    def tell(code):
        with open(switch + ".new", "w", encoding="ascii") as file:
            file.write(str(code))
        os.rename(switch + ".new", switch)

    def is_right(answer):  # of a fleet that nobody has asked for yet: its run has failed
        return answer.code == 2 and answer.via == "check_fleet"

    tell(1)
    shim = ("/usr/bin/env", f"LD_PRELOAD={lab.dir}/no_transport.so", f"NO_TRANSPORT={switch}")
    with Session(lab, dialect, "transport", start=shim) as session:
        core, worker = session.core, session.worker
        alone = "each check has connections of its own"
        session.check(until(lambda: alone in worker.said(), 90), "one that never starts is done without", worker.said())
        answer = core.run(f"{lab.plugin} run --fleet {lab.fleet()} -t 50")
        session.check(is_right(answer), "without it a check is right", shown(answer))
        words = worker.said().count("the test does not want it")
        session.check(words == 1, "what it said is logged once", worker.said())
        os.unlink(switch)
        session.check(until(lambda: "connections are shared" in worker.said(), 180), "it is tried again", worker.said())
        answer = core.run(f"{lab.plugin} run --fleet {lab.fleet()} -t 50")
        session.check(is_right(answer), "with it a check is right", shown(answer))
        tell(69)
        for pid in worker.named("fleet_transport"):
            worker.kill(pid)
        session.check(until(lambda: worker.said().count(alone) == 2, 90), "one that says it is useless is done without", worker.said())
        answer = core.run(f"{lab.plugin} run --fleet {lab.fleet()} -t 50")
        session.check(is_right(answer), "at once", shown(answer))
        os.unlink(switch)
        worker.kill(worker.pid, signal.SIGHUP)
        session.check(until(lambda: list(worker.named("fleet_transport")), 60), "a reload tries again", worker.said())
        fleet = lab.fleet()
        with lab.sim.fault("delay", f"/fleets/{fleet}/", ms=3000):
            job = core.submit(f"{lab.plugin} run --fleet {fleet} -t 50")
            session.check(until(lab.sim.is_faulty, 60), "a request is under way")
            worker.kill(worker.pid, signal.SIGHUP)
            session.check(is_right(job.wait()), "a reload cuts no request", shown(job.answer))
        session.check(lab.sim.reads(fleet) == 1, "nor is it sent again", lab.sim.reads(fleet))
        stopped = list(worker.named("fleet_transport"))
        for pid in stopped:
            worker.kill(pid, signal.SIGSTOP)
        session.check(worker.end(90) == 0, "SIGTERM ends one that hangs", worker.said())
        session.check(stopped and until(lambda: not worker.left(), 60), "and leaves nothing", worker.left())


# ---- Modules that misbehave


def modules(lab, dialect):
    """A module of somebody else takes down its job at most."""
    if not lab.modules:
        return
    reasons = {
        "segfault": b"(?i)signal|SIGSEGV|crash|segmentation",
        "noisy": b"(?i)signal|SIGSEGV|crash|segmentation|stack",
        "greedy": b"(?i)memory|allocat|signal|SIGSEGV|crash|segmentation",
        "loop": b"(?i)time",
        "garbage": b"(?i)wrote|writes|output|printed",
    }
    with Session(lab, dialect, "modules") as session:
        core = session.core
        # Only a loop has to come to the end of its time; the others get what a job has, less what is ours.
        limits = {name: 5 if name == "loop" else 40 for name in reasons}
        commands = {
            name: f"{lab.plugin} {name} --fleet calm --module-dir {lab.modules} -t {limit}" for name, limit in limits.items()
        }
        jobs = {name: [core.submit(command) for _ in range(3)] for name, command in commands.items()}
        gated = f"{lab.plugin} run --fleet gated"  # what runs beside this acts on calm
        quick = [core.submit(gated) for _ in range(20)]
        wanted = session.executor.run(os.fsencode(gated))
        answers = [job.wait() for job in quick]
        session.check(all(alike(a, wanted) and a.via == "check_fleet" for a in answers), "others are answered", *map(shown, answers[:3]))
        for name, command in commands.items():
            execed = session.executor.run(os.fsencode(command))
            answers = [job.wait() for job in jobs[name]]
            for way, answer in [("a job", answers[0]), ("exec", execed)]:
                session.check(unknown(answer, name, reasons[name]), f"{name}: {way}: UNKNOWN, the module and the reason", shown(answer))
            session.check(all(a.via == "check_fleet" for a in answers), f"{name}: the worker answers", *map(shown, answers))
            first = {a.stdout.split(b"\n")[0] for a in [*answers, execed]}
            session.check(len(first) == 1, f"{name}: a job says what exec says", *first)
        session.check(session.worker.alive() and core.run(gated).via == "check_fleet", "the worker lives on")
        session.check(not core.breaks, "and its connections", core.breaks)


def worn_out(lab, dialect):
    """One runner for all: what a module does to it, the next check does not notice."""
    with Session(lab, dialect, "one runner", options=("--max-checks=1",)) as session:
        core = session.core
        good = f"{lab.plugin} run --fleet gated"
        wanted = session.executor.run(os.fsencode(good))
        for name in ("segfault", "greedy", "noisy"):
            bad = f"{lab.plugin} {name} --fleet calm --module-dir {lab.modules} -t 40"
            with core.coalesced("check_fleet"):
                jobs = [core.submit(command) for command in (bad, good) * 5]
            answers = [job.wait() for job in jobs[1::2]]
            session.check(all(alike(a, wanted) for a in answers), f"the check after {name} is right", shown(wanted), *map(shown, answers))
        leaky = [core.submit(f"{lab.plugin} leaky --fleet calm --module-dir {lab.modules}") for _ in range(300)]
        answers = [job.wait() for job in leaky]
        session.check(all(a.code == 0 for a in answers), "a module that leaks is OK, as by exec", *map(shown, [a for a in answers if a.code][:3]))
        answer = core.run(good)
        session.check(alike(answer, wanted) and answer.via == "check_fleet", "and so is the next", shown(answer))


def unknown(answer, name, reason):
    first = answer.stdout.split(b"\n")[0]
    return (
        answer.code == 3
        and b"UNKNOWN" in first
        and name.encode() in first.lower()
        and re.search(reason, first) is not None
        and not re.search(rb"[\x00-\x1f\x7f]", first)
    )


# ---- The mock itself


def reference(lab, dialect):
    """The stock worker of Nagios passes: what is asked of ours is what the real program does."""
    nagios = shutil.which("nagios4", path="/usr/sbin:/usr/bin")
    if dialect != "nagios" or not nagios:
        return
    executor = Executor(lab.user, lab.environment, dialect)
    core = MockCore(os.path.join(lab.dir, "core", "stock.qh"), dialect, executor, lab.user, allow_global=True)
    core.start()
    process = executor.popen([nagios, "--worker", core.path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    core.wait_registered((None,))
    show = f"{lab.dir}/other/check_fleet"
    for what, command in {
        "words": f"{show} a  'b c' \"d\\\"e\" f\\ g ''",
        "variables": f"A=1 VAR='x y' {show} env",
        "a shell": f"{show} $HOME | cat; exit 4",
        "an open quote": f"{show} 'a",
        "a signal": f"{show} x; kill -9 $$",
        "stderr": f"{show} x 1>&2; exit 2",
        "no such program": "/nonexistent/check_fleet run",
        "a late one": "/bin/sleep 5",
        "one that ends while its child does not": "/bin/sh -c 'sleep 3 & echo early'",
    }.items():
        limit = 2 if what == "a late one" else 60
        answer, wanted = core.run(command, limit), executor.run(os.fsencode(command), limit)
        verdict(same(answer, wanted) and answer.timed_out == wanted.timed_out, f"stock worker: {what}", shown(wanted), shown(answer))
    jobs = [core.submit(f"/bin/echo {n}", kind=n % 8) for n in range(100)]
    good = [job.wait().stdout for job in jobs] == [b"%d\n" % n for n in range(100)]
    verdict(good and not core.violations, "stock worker: the core has nothing to complain of", *core.violations[:10])
    core.stop()
    verdict(process.wait(60) == -signal.SIGKILL, "stock worker: is killed with its core")


SCENARIOS = (results, environment, timeouts, flood, framing, stops_reading, actions, kills, signals, places, busy_core)
ONCE = (signals, places, busy_core)  # by the first dialect
# What no dialect makes a difference to, and mostly waits: beside the others, which alone have the
# simulator misbehave.
BESIDE = (no_core, rubbish, restarts, forgotten, reference, modules, worn_out, heirs, beginners, poor, transports)


def go(scenario, lab, dialect):
    began = time.monotonic()
    try:
        scenario(lab, dialect)
    except Exception:  # the next one may still tell something
        verdict(False, f"{dialect}: {scenario.__name__} goes through", traceback.format_exc())
    with printing:
        print(f"      ({dialect} {scenario.__name__}: {time.monotonic() - began:.1f} s)", flush=True)


def main():
    parser = argparse.ArgumentParser()
    for name in ("dir", "prefix", "user", "sim"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--worker")
    parser.add_argument("--modules")
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--dialects", default="nagios,naemon")
    parser.add_argument("scenario", nargs="*")
    arguments = parser.parse_args()
    names = [scenario.__name__ for scenario in SCENARIOS + BESIDE]
    for name in arguments.scenario:
        if name not in names:
            parser.error(f"there is no scenario {name}: {', '.join(names)}")
    random.seed(arguments.seed)
    print(f"seed {arguments.seed}")
    lab = Lab(arguments)
    wanted = [s for s in BESIDE + SCENARIOS if not arguments.scenario or s.__name__ in arguments.scenario]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for scenario in wanted:
            if scenario in BESIDE:
                pool.submit(go, scenario, lab, lab.dialects[0])
        for dialect in lab.dialects:
            for scenario in wanted:
                if scenario in SCENARIOS and (scenario not in ONCE or dialect == lab.dialects[0]):
                    go(scenario, lab, dialect)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
