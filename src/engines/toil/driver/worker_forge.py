"""Makes Toil's workers by forking: a copy of a process that has all loaded costs milliseconds, a new one a second.

The forge is a process of its own, forked from the driver before Toil starts its threads, for a copy of a
process with threads may find their locks taken for ever. It has one thread, reads requests from a socket
and sends the end of each worker. Its end, and that of its workers, is that of the run: all are of one
process group.
"""

import json
import os
import select
import signal
import socket
import sys
import traceback

MESSAGE_BYTES = 128 * 1024
EXIT_CRASHED = 70  # EX_SOFTWARE of sysexits.h


class WorkerForge:
    """The driver's side. `run(arguments)` does a worker's work in the copy and gives its exit code."""

    def __init__(self, run):
        # Messages keep their borders.
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process_id = os.fork()
        if self._process_id == 0:
            self._socket.close()
            _serve(theirs, run)
        theirs.close()

    def close(self):
        """Its workers have ended."""
        self._socket.close()
        os.waitpid(self._process_id, 0)

    def start(self, job, arguments, environment):
        """`job` is a number by which its start and end are told; `environment` is added to the driver's."""
        request = {"job": job, "arguments": arguments, "environment": environment}
        self._socket.sendall(json.dumps(request).encode())

    def next_message(self, seconds):
        """(job, "started", process id), (job, "ended", exit code: negative for a signal), or None in time.

        Raises EOFError when the forge is gone.
        """
        ready, _, _ = select.select([self._socket], [], [], seconds)
        if not ready:
            return None
        data = self._socket.recv(MESSAGE_BYTES)
        if not data:
            raise EOFError("the process that starts Toil's workers has ended")
        return tuple(json.loads(data))


def _serve(connection, run):
    """Never returns."""
    code = EXIT_CRASHED
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        code = _forge_until_end(connection, run)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _forge_until_end(connection, run):
    wakeup_reader, wakeup_writer = os.pipe()
    for descriptor in (wakeup_reader, wakeup_writer):
        os.set_blocking(descriptor, False)
    signal.set_wakeup_fd(wakeup_writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _signal_number, _frame: None)
    jobs = {}
    while True:
        ready, _, _ = select.select([connection, wakeup_reader], [], [])
        if wakeup_reader in ready:
            os.read(wakeup_reader, 4096)
            _tell_ended(connection, jobs)
        if connection not in ready:
            continue
        data = connection.recv(MESSAGE_BYTES)
        if not data:  # the driver is gone
            return 0
        request = json.loads(data)
        child = os.fork()
        if child == 0:
            connection.close()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(wakeup_reader)
            os.close(wakeup_writer)
            _work(request, run)
        jobs[child] = request["job"]
        _send(connection, [request["job"], "started", child])


def _tell_ended(connection, jobs):
    while jobs:
        child, status = os.waitpid(-1, os.WNOHANG)
        if child == 0:
            return
        job = jobs.pop(child, None)
        if job is not None:
            _send(connection, [job, "ended", os.waitstatus_to_exitcode(status)])


def _send(connection, message):
    connection.sendall(json.dumps(message).encode())


def _work(request, run):
    """Never returns."""
    code = EXIT_CRASHED
    try:
        os.environ.update(request["environment"])
        code = run(request["arguments"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                pass
        os._exit(code)
