# SPDX-License-Identifier: MIT
"""The core's side of the worker protocol, for tests: a query handler that takes the registration of
workers, sends them jobs and judges every byte that they answer.

Two dialects. "nagios" is Nagios Core 4.4 and 4.5: jobs have a type, an answer must repeat it, and
while a job is written nothing is read, because the core writes until the worker has taken it all.
"naemon" sends type 0 only, and no more than max_jobs at a time.

What a real core would log as an error, or suffer from, is a line of MockCore.violations. A job whose
worker goes away, or whose command is no worker's, is run by exec as the standard workers do it: by
the rules of split_command.
"""
import collections
import contextlib
import errno
import fcntl
import os
import re
import selectors
import signal
import socket
import struct
import subprocess
import termios
import threading
import time

END = b"\x01\0\0\0"
ETIME = errno.ETIME
CHECK, NOTIFICATION, OCSP, OCHP, GLOBAL_SERVICE_HANDLER, SERVICE_HANDLER, GLOBAL_HOST_HANDLER, HOST_HANDLER = range(8)
REQUEST_MAX = 16384
ANSWER_MAX = 1 << 20

# What each core does something with; all else is a warning in its log, for every single answer.
RESULT_KEYS = {
    "nagios": frozenset(
        "job_id type command timeout wait_status start stop outstd outerr exited_ok error_msg error_code runtime".split()
    ),
}
RESULT_KEYS["naemon"] = RESULT_KEYS["nagios"] | frozenset(
    "ru_utime ru_stime ru_minflt ru_majflt ru_nswap ru_inblock ru_oublock ru_msgsnd ru_msgrcv ru_nsignals ru_nvcsw"
    " ru_nivcsw".split()
)

Answer = collections.namedtuple("Answer", "code signal stdout stderr timed_out via fields", defaults=({},))


class Late(Exception):
    """Something did not come in time."""


# ---- Commands, as the cores take them apart


def _leading_variables(text):
    """Naemon's: {NAME: value} at the start of a command, and where the command begins."""
    found, at = {}, 0
    while True:
        match = re.match(
            rb"[ \t\r\n]*([A-Za-z_][A-Za-z0-9_]*)=((?:[^\s'\"$]|'[^']*'|\"[^\"$]*\")*)(?=[ \t\r\n])", text[at:]
        )
        if not match:
            return found, at
        found[match[1]] = re.sub(rb"'([^']*)'|\"([^\"]*)\"", lambda m: m[1] if m[1] is not None else m[2], match[2])
        at += match.end()


def split_command(text, dialect="nagios"):
    """(variables, argv) of a command that needs no shell, None for one that does."""
    variables = {}
    begin = 0
    if dialect == "naemon":
        variables, begin = _leading_variables(text)
    quote, inside, escaped = b"", False, False  # which quotes we are in; in a word; after a backslash in ""
    words, word = [], bytearray()
    blanks = shell = False
    at = begin
    while at < len(text):
        byte = text[at : at + 1]
        plain = not quote
        if byte in b" \t\r\n":
            if inside and plain and not escaped:
                words.append(bytes(word))
                word, inside = bytearray(), False
                at += 1
                continue
            blanks = True
            if plain:
                at += 1
                continue
        elif byte == b"\\" and quote != b"'" and not escaped:
            follows = text[at + 1 : at + 2]
            if plain:
                at += 1
                byte = follows
            elif follows and follows in b'"\\$`':
                escaped = True
                at += 1
                continue
        elif byte in b"'\"" and byte == quote:
            quote = b""
            at += 1
            continue
        elif byte in b"'\"" and plain and not escaped:
            quote, inside = byte, True
            at += 1
            continue
        elif byte == b"$" or byte == b"`":
            shell = shell or not (quote == b"'" or escaped)
        elif byte == b"~":
            shell = shell or (dialect == "naemon" and quote != b"'")
        elif byte == b"=":
            shell = shell or (dialect == "naemon" and plain and not blanks)
        elif plain and byte in (b"|&;()*?" if dialect == "naemon" else b"|<>&;()*?"):
            shell = True
        escaped = False
        inside = True
        word += byte
        at += 1
    if inside:
        words.append(bytes(word))
    if shell or quote:
        return None
    while dialect == "nagios" and words and b"=" in words[0]:
        name, _, value = words.pop(0).partition(b"=")
        variables[name] = value
    return variables, words


class Executor:
    """Runs commands as the standard workers of a core do, as USER (uid, gid), with ENVIRONMENT."""

    def __init__(self, user=None, environment=None, dialect="nagios", folder="/tmp"):
        self.user = user
        self.environment = {os.fsencode(k): os.fsencode(v) for k, v in (environment or os.environ).items()}
        self.dialect = dialect
        self.folder = folder

    def popen(self, argv, variables=(), **more):
        if self.user is not None and os.geteuid() == 0:
            more.update(user=self.user[0], group=self.user[1], extra_groups=[])
        more.setdefault("stdin", subprocess.DEVNULL)
        more.setdefault("cwd", self.folder)
        return subprocess.Popen(argv, env={**self.environment, **dict(variables)}, start_new_session=True, **more)

    def run(self, command, timeout=60, variables=()):
        parts = split_command(command, self.dialect)
        more, argv = parts if parts else ({}, [b"/bin/sh", b"-c", command])
        if not argv:
            return Answer(1, None, b"", b"no command", False, "exec")
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        try:
            child = self.popen(argv, {**dict(variables), **more}, **pipes)
        except OSError as error:
            return Answer(error.errno, None, b"", os.fsencode(error.strerror), False, "exec")
        late = False
        try:
            out, err = child.communicate(timeout=timeout or 60)
        except subprocess.TimeoutExpired:
            late = True
            os.killpg(child.pid, signal.SIGKILL)
            out, err = child.communicate()
        # A core's worker hands over what comes before the first NUL.
        out, err = out.split(b"\0")[0], err.split(b"\0")[0]
        if late:
            return Answer(0, None, out, err, True, "exec")
        code = child.returncode
        return Answer(code if code >= 0 else None, -code if code < 0 else None, out, err, False, "exec")


# ---- The core


class Job:
    """A command that the core has to run. answers has at most one, or the worker is wrong."""

    def __init__(self, core, command, timeout, kind, env):
        self.core, self.command, self.timeout, self.kind, self.env = core, command, timeout, kind, env
        self.id = self.connection = self.answer = None
        self.sent = self.answered = 0.0
        self.reassigned = self.lost = False

    def wait(self, seconds=120):
        if not self.core.wait_for(lambda: self.answer or self.lost, seconds):
            raise Late(f"no answer in {seconds} s to {self.command[:200]!r}")
        return self.answer


class Connection:
    """One worker, or one that wants to be."""

    def __init__(self, sock):
        self.sock = sock
        self.peer, self.uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        self.registered = self.closed = self.forgotten = False
        self.name = self.plugin = None
        self.pid = self.pid_began = None
        self.max_jobs = 0
        self.jobs = {}
        self.answers = set()
        self.next_id = 0
        self.incoming = bytearray()
        self.outgoing = bytearray()
        self.reading = True
        self.held = False
        self.stalled_since = None


def process_began(pid):
    """When it began, which together with the pid says who it is; None when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def parent_of(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


class MockCore:
    """start(), then wait_registered(), run(), submit(); stop() at the end. All of it may be called from
    any thread; the sockets belong to a thread of its own."""

    def __init__(self, path, dialect="nagios", executor=None, owner=None, allow_global=False):
        self.path, self.dialect, self.owner, self.allow_global = path, dialect, owner, allow_global
        self.executor = executor or Executor(dialect=dialect)
        self.violations = []
        self.log = []  # what workers had us log
        self.breaks = []  # (plugin, "worker" or "core"): who ended which connection
        self.requests = 0  # registrations that were asked for
        self.main_pid = None  # of the worker: never to be registered
        self.refusals = []  # bytes with which the next registrations are turned away
        self.mute = False  # never answer a registration
        self.trickle = False  # write byte by byte
        # A worker that is killed when it has sent an answer and not noted that has its heir send it again. A core
        # logs that there is no such job.
        self.may_repeat = False
        self.greeting = {}  # plugin -> jobs that come with the OK, in one write
        self.stall_limit = 60.0  # how long a worker may not take what it is sent
        self.longest_stall = 0.0
        self._connections = []
        self._names = set()
        self._listener = None
        self._change = threading.Condition(threading.RLock())
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._ending = False
        self._thread = None
        self._execs = set()

    # -- for tests

    def start(self):
        self._listen()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def stop(self):
        """As when a core is stopped: it kills whom it has registered."""
        with self._change:
            self._ending = True
            self._drop_all()
        self._wake()
        if self._thread:
            self._thread.join(30)
        for thread in list(self._execs):
            thread.join(30)

    def wait_for(self, what, seconds):
        """True as soon as what() is; what it looks at must only change by this core's doing."""
        with self._change:
            return self._change.wait_for(what, seconds)

    def worker(self, plugin):
        """The connection that has PLUGIN now, or None."""
        with self._change:
            for connection in self._connections:
                if connection.registered and connection.plugin == plugin and not connection.forgotten:
                    return connection
        return None

    def wait_registered(self, plugins=("check_fleet", "fleet_action"), seconds=60):
        if not self.wait_for(lambda: all(self.worker(plugin) for plugin in plugins), seconds):
            raise Late(f"not registered in {seconds} s: {[p for p in plugins if not self.worker(p)]}")

    def submit(self, command, timeout=60, kind=CHECK, env=None, plugin=None):
        """Has it run, by the worker that the core would choose, or by that of PLUGIN."""
        command = os.fsencode(command)
        if b"\0" in command or not command:
            raise ValueError("no command of a core")
        job = Job(self, command, timeout, 0 if self.dialect == "naemon" else kind, env if self.dialect == "nagios" else None)
        with self._change:
            self._assign(job, plugin)
        self._wake()
        return job

    def run(self, command, timeout=60, kind=CHECK, env=None, plugin=None, seconds=120):
        return self.submit(command, timeout, kind, env, plugin).wait(seconds)

    def kill_registered_pid(self, plugin):
        with self._change:
            self._kill(self.worker(plugin))

    def drop_connection(self, plugin):
        """As when the core gives a worker up: its jobs go elsewhere, its pid is killed."""
        with self._change:
            connection = self.worker(plugin)
            self._break(connection, "core", reassign=True)
        self._wake()

    def restart(self, seconds=1.0):
        """As SIGHUP: all workers are killed and their jobs forgotten; the socket is gone for a while."""
        with self._change:
            self._unlisten()
            self._drop_all()
        self._wake()
        time.sleep(seconds)
        with self._change:
            self._listen()
        self._wake()

    def forget(self, seconds=1.0):
        """As SIGHUP in Naemon: workers of plugins keep their connections, and are given nothing by them."""
        with self._change:
            self._unlisten()
            for connection in self._connections:
                connection.forgotten = True
        self._wake()
        time.sleep(seconds)
        with self._change:
            self._listen()
        self._wake()

    def pause(self, plugin):
        self.worker(plugin).reading = False
        self._wake()

    def resume(self, plugin):
        self.worker(plugin).reading = True
        self._wake()

    def send_raw(self, plugin, data):
        with self._change:
            self.worker(plugin).outgoing += data
        self._wake()

    @contextlib.contextmanager
    def coalesced(self, plugin):
        """What is submitted to PLUGIN meanwhile is written at once, at the end."""
        connection = self.worker(plugin)
        connection.held = True
        try:
            yield
        finally:
            connection.held = False
            self._wake()

    def has_taken(self, plugin):
        """Whether the worker of PLUGIN has read all that it was sent."""
        with self._change:
            connection = self.worker(plugin)
            if connection is None or connection.outgoing:
                return False
            unread = fcntl.ioctl(connection.sock, termios.TIOCOUTQ, bytes(4))
            return not any(unread)

    def unanswered(self):
        with self._change:
            return [job for connection in self._connections for job in connection.jobs.values()]

    # -- jobs

    def _wrong(self, text):
        self.violations.append(text)

    def _choose(self, command, plugin):
        """As get_worker does it: the first word, whole or what comes after its last slash."""
        if plugin is None:
            first, space, _ = command.partition(b" ")
            plugin = os.fsdecode(first)
            if space and not self._with_plugin(plugin):
                plugin = plugin.rpartition("/")[2]
        candidates = self._with_plugin(plugin) or self._with_plugin(None)
        if self.dialect == "naemon":
            full = bool(candidates)
            candidates = [c for c in candidates if len(c.jobs) < c.max_jobs]
            if full and not candidates:
                return False
        return candidates[0] if candidates else None

    def _with_plugin(self, plugin):
        return [c for c in self._connections if c.registered and c.plugin == plugin and not c.forgotten]

    def _assign(self, job, plugin=None):
        connection = self._choose(job.command, plugin)
        if connection is False:
            job.lost = True
            self._change.notify_all()
        elif connection is None:
            thread = threading.Thread(target=self._exec, args=(job,), daemon=True)
            self._execs.add(thread)
            thread.start()
        else:
            self._send(connection, job)

    def _exec(self, job):
        answer = self.executor.run(job.command, job.timeout, dict(job.env or {}))
        with self._change:
            job.answer, job.answered = answer, time.time()
            self._execs.discard(threading.current_thread())
            self._change.notify_all()

    def _send(self, connection, job):
        job.id, job.connection, job.sent = connection.next_id, connection, time.time()
        connection.next_id += 1
        connection.jobs[job.id] = job
        connection.outgoing += self.frame(job)

    @staticmethod
    def frame(job):
        pairs = [(b"job_id", b"%d" % job.id), (b"type", b"%d" % job.kind), (b"command", job.command)]
        pairs.append((b"timeout", b"%d" % job.timeout))
        if job.env:
            pairs.append((b"env", b"".join(b"%s=%s\n" % pair for pair in job.env)))
        return b"".join(b"%s=%s\0" % pair for pair in pairs) + END

    # -- connections

    def _listen(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.setblocking(False)
        self._listener.bind(self.path)
        os.chmod(self.path, 0o660)
        if self.owner and os.geteuid() == 0:
            os.chown(self.path, *self.owner)
        self._listener.listen(64)

    def _unlisten(self):
        if self._listener:
            self._listener.close()
            self._listener = None
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    def _drop_all(self):
        self._unlisten()
        for connection in list(self._connections):
            self._break(connection, "core", reassign=False)

    def _kill(self, connection):
        if connection and connection.pid and process_began(connection.pid) == connection.pid_began:
            with contextlib.suppress(ProcessLookupError):
                os.kill(connection.pid, signal.SIGKILL)

    def _break(self, connection, by, reassign):
        """Ends a connection and does what cores do then."""
        if connection is None or connection.closed:
            return
        connection.closed = True
        self._connections.remove(connection)
        if connection.registered:
            self.breaks.append((connection.plugin, by))
        jobs, connection.jobs = list(connection.jobs.values()), {}
        for job in jobs:
            job.reassigned = reassign
            job.lost = not reassign
            if reassign:
                self._assign(job)
        self._kill(connection)
        connection.sock.close()
        self._change.notify_all()

    def _wake(self):
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"!")

    def _loop(self):
        while True:
            with self._change:
                if self._ending:
                    return
                selector = selectors.DefaultSelector()
                selector.register(self._wake_read, selectors.EVENT_READ, None)
                if self._listener:
                    selector.register(self._listener, selectors.EVENT_READ, "listener")
                busy = self.dialect == "nagios" and any(c.outgoing and not c.held for c in self._connections)
                for connection in self._connections:
                    events = selectors.EVENT_WRITE if connection.outgoing and not connection.held else 0
                    if connection.reading and not (busy and connection.registered):
                        events |= selectors.EVENT_READ
                    if events:
                        selector.register(connection.sock, events, connection)
            ready = selector.select(0.5)
            with self._change:
                self._judge_stalls()
                for key, events in ready:
                    self._serve(key, events)
            selector.close()

    def _serve(self, key, events):
        if key.data is None:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_read, 65536)
        elif key.data == "listener":
            if self._listener is key.fileobj:
                self._accept()
        elif not key.data.closed:
            if events & selectors.EVENT_WRITE:
                self._write(key.data)
            if events & selectors.EVENT_READ and not key.data.closed:
                self._read(key.data)

    def _accept(self):
        with contextlib.suppress(BlockingIOError):
            sock, _ = self._listener.accept()
            sock.setblocking(False)
            self._connections.append(Connection(sock))

    def _write(self, connection):
        count = 1 if self.trickle else len(connection.outgoing)
        try:
            sent = connection.sock.send(connection.outgoing[:count])
        except BlockingIOError:
            sent = 0
        except OSError:
            self._break(connection, "worker", reassign=True)
            return
        if self.trickle:
            time.sleep(0.0002)
        if sent:
            connection.stalled_since = None
        del connection.outgoing[:sent]

    def _judge_stalls(self):
        """A Nagios that cannot write spins until it can: nothing else happens in the core."""
        now = time.monotonic()
        for connection in self._connections:
            if not connection.outgoing or connection.held:
                connection.stalled_since = None
            elif connection.stalled_since is None:
                connection.stalled_since = now
            else:
                stall = now - connection.stalled_since
                self.longest_stall = max(self.longest_stall, stall)
                if stall > self.stall_limit:
                    self._wrong(f"{connection.name}: takes nothing for {stall:.0f} s: Nagios stands still")
                    connection.outgoing.clear()

    def _read(self, connection):
        try:
            data = connection.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            if connection.registered and connection.incoming:
                self.log.append(f"{connection.name}: {len(connection.incoming)} bytes of an answer, then the end")
            self._break(connection, "worker", reassign=True)
            return
        if connection.registered:
            connection.incoming += data
            self._messages(connection)
            return
        for at, byte in enumerate(data):
            if byte == 0:
                self._request(connection, bytes(connection.incoming), data[at + 1 :])
                return
            connection.incoming.append(byte)
            if len(connection.incoming) > REQUEST_MAX:
                self._wrong("a request without an end")
                self._break(connection, "core", reassign=False)
                return

    # -- registration

    def _request(self, connection, request, rest):
        self.requests += 1
        connection.incoming.clear()
        if rest:
            self._wrong(f"{len(rest)} bytes after a request, before its answer: the core drops them")
        if self.mute:
            return
        if self.refusals:
            self._turn_away(connection, self.refusals.pop(0))
            return
        if not request.startswith(b"@"):
            self._wrong(f"the core closes the connection after a request without @: {request!r}")
            self._turn_away(connection, b"400: Bad request\0")
            return
        handler, _, query = request[1:].partition(b" ")
        if handler != b"wproc":
            self._wrong(f"no such handler: {request!r}")
            self._turn_away(connection, b"404: " + handler + b": No such handler")
            return
        verb, _, options = query.rstrip(b"\n").partition(b" ")
        why = f"not a registration: {verb!r}" if verb != b"register" else self._register(connection, options)
        if why:
            self._wrong(f"registration: {why}: {request!r}")
            self._turn_away(connection, b"400: Bad request\0")
            return
        connection.registered = True
        self._names.add(connection.name)
        connection.outgoing += b"OK\0"
        for job in self.greeting.pop(connection.plugin, []):
            self._send(connection, job)
        self._change.notify_all()

    def greet(self, plugin, command, timeout=60, kind=CHECK):
        """A job that the next worker of PLUGIN gets in the same write as its OK."""
        job = Job(self, os.fsencode(command), timeout, 0 if self.dialect == "naemon" else kind, None)
        self.greeting.setdefault(plugin, []).append(job)
        return job

    def _turn_away(self, connection, answer):
        with contextlib.suppress(OSError):
            connection.sock.settimeout(20)
            connection.sock.sendall(answer)
        self._break(connection, "core", reassign=False)

    def _register(self, connection, options):
        """What is wrong with it, or None."""
        pairs = []
        for option in options.decode("utf-8", "replace").rstrip(";").split(";"):
            key, equals, value = option.partition("=")
            if not equals or not value:
                return f"option {option!r}"
            if key not in ("name", "pid", "max_jobs", "plugin"):
                return f"no core knows {key!r}"
            pairs.append((key, value))
        got = dict(pairs)
        if len(got) != len(pairs):
            return "an option twice; of two plugins one is lost, and a pointer dangles"
        for key in ("pid", "max_jobs"):
            if key in got and not re.fullmatch("[1-9][0-9]{0,9}", got[key]):
                return f"{key} is no number"
        if not re.fullmatch(r"[ -~]{1,128}", got.get("name", "")):
            return "name"
        if got["name"] in (c.name for c in self._connections if c.registered and not c.forgotten):
            return "the name is another worker's"
        if "plugin" not in got and not self.allow_global:
            return "without plugin= it gets every command"
        if "/" in got.get("plugin", ""):
            return "plugin is not a basename"
        why = self._judge_pid(connection, int(got.get("pid", 0)), "plugin" not in got)
        if why:
            return why
        limit = int(got.get("max_jobs", 1024 if self.allow_global else 0))
        if not 1 <= limit <= 100000:
            return "max_jobs: Nagios allocates as many slots, Naemon sends as many jobs"
        connection.name, connection.plugin, connection.max_jobs = got["name"], got.get("plugin"), limit
        connection.pid = int(got["pid"])
        connection.pid_began = process_began(connection.pid)
        return None

    def _judge_pid(self, connection, pid, is_global):
        if pid <= 1 or process_began(pid) is None:
            return f"there is no process {pid}"
        if os.stat(f"/proc/{pid}").st_uid not in (connection.uid, 0):
            return f"process {pid} is somebody else's"
        if is_global:
            return None
        ancestor = connection.peer
        while ancestor > 1:
            if pid == ancestor:
                return f"{pid} is the process that does the work, or its parent: the core will kill it"
            ancestor = parent_of(ancestor)
        if pid in (self.main_pid, os.getpid()):
            return f"{pid} is the worker's main process: the core will kill it"
        for other in self._connections:
            if other.registered and pid in (other.pid, other.peer):
                return f"{pid} is of another connection: the core will kill it with that one"
        return None

    # -- answers

    def _messages(self, connection):
        while not connection.closed:
            at = connection.incoming.find(END)
            if at < 0:
                if len(connection.incoming) > ANSWER_MAX:
                    self._wrong(f"{connection.name}: a message of more than 1 MiB")
                    self._break(connection, "core", reassign=True)
                return
            message = bytes(connection.incoming[:at])
            del connection.incoming[: at + len(END)]
            if len(message) + len(END) >= ANSWER_MAX:
                self._wrong(f"{connection.name}: a message of {len(message)} bytes")
            self._message(connection, message)

    def _message(self, connection, message):
        if len(message) > 5 and message.startswith(b"log="):
            text, nul, rest = message[4:].partition(b"\0")
            if not nul or rest:
                self._wrong(f"{connection.name}: log message with more than its text: {message!r}")
            self.log.append(f"{connection.name}: {text.decode('utf-8', 'replace')}")
            return
        fields, wrong = self._pairs(message)
        job = connection.jobs.get(int(fields["job_id"])) if fields.get("job_id", b"").isdigit() else None
        if job is None and self.may_repeat and message in connection.answers:
            return
        connection.answers.add(message)
        if job is None:
            self._wrong(f"{connection.name}: answer to a job that is not there: {message[:300]!r}")
            return
        now = time.time()
        wrong += self._judge(job, fields, now)
        for text in wrong:
            self._wrong(f"{connection.name}: job {job.id} {job.command[:120]!r}: {text}")
        del connection.jobs[job.id]
        if job.answer:
            self._wrong(f"{connection.name}: job {job.id} was answered before")
        status = int(fields.get("wait_status", b"0")) if re.fullmatch(b"[0-9]+", fields.get("wait_status", b"0")) else 0
        ended = status & 0x7F
        job.answer = Answer(
            None if ended else (status >> 8) & 0xFF,
            ended or None,
            fields.get("outstd", b""),
            fields.get("outerr", b""),
            fields.get("error_code") == b"%d" % ETIME,
            connection.plugin or connection.name,
            fields,
        )
        job.answered = now
        self._change.notify_all()

    @staticmethod
    def _pairs(message):
        fields, wrong = {}, []
        if not message.endswith(b"\0"):
            wrong.append("the last pair is not ended by a NUL")
        for pair in message[: -1 if message.endswith(b"\0") else None].split(b"\0"):
            key, equals, value = pair.partition(b"=")
            name = key.decode("ascii", "replace")
            if not equals or not key:
                wrong.append(f"not a pair, or a NUL within a value: {pair[:80]!r}")
            elif name in fields:
                wrong.append(f"{name} twice")
            else:
                fields[name] = value
        return fields, wrong

    def _judge(self, job, fields, now):
        """What is wrong with an answer to JOB that came at NOW."""
        wrong = [f"the core does not know {name!r}" for name in fields.keys() - RESULT_KEYS[self.dialect]]
        echo = {"job_id": b"%d" % job.id, "type": b"%d" % job.kind, "command": job.command, "timeout": b"%d" % job.timeout}
        wrong += [f"{name} is not the job's: {fields.get(name)!r}" for name, value in echo.items() if fields.get(name) != value]
        for name in ("wait_status", "start", "stop", "runtime", "exited_ok", "outerr", "outstd"):
            if name not in fields:
                wrong.append(f"no {name}")
        if not re.fullmatch(b"[0-9]{1,5}", fields.get("wait_status", b"")):
            wrong.append("wait_status")
        times = [fields.get(name, b"") for name in ("start", "stop")]
        if all(re.fullmatch(rb"[0-9]{1,12}\.[0-9]{6}", text) for text in times):
            start, stop = map(float, times)
            if not job.sent - 0.01 <= start <= stop <= now + 0.01:
                wrong.append(f"sent {job.sent:.6f}, start {start:.6f}, stop {stop:.6f}, answered {now:.6f}")
            took = fields.get("runtime", b"")
            if not re.fullmatch(rb"[0-9]{1,9}(\.[0-9]+)?", took) or abs(float(took) - (stop - start)) > 0.01:
                wrong.append(f"runtime {took!r} of {stop - start:.6f} s")
        else:
            wrong.append(f"start and stop with microseconds: {times}")
        if fields.get("exited_ok") == b"1":
            wrong += [f"{name} though exited_ok" for name in ("error_code", "error_msg") if name in fields]
        elif fields.get("exited_ok") == b"0":
            if not re.fullmatch(b"[1-9][0-9]{0,3}", fields.get("error_code", b"")):
                wrong.append("exited_ok=0 without error_code")
            elif int(fields["error_code"]) == ETIME and now - job.sent < (job.timeout or 60) - 0.1:
                wrong.append(f"timed out after {now - job.sent:.1f} s of {job.timeout}")
        else:
            wrong.append("exited_ok")
        return wrong
