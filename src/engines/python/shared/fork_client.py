"""Stands in for a driver's process: has a fork server do the work, and is that work to all who look.

    python3 -I -S fork_client.py ADDRESS WORDS COMMAND...

COMMAND is the driver's whole command line, of which the first WORDS start it: this process becomes it when
no fork server answers; a forked driver gets the rest. The request is texts that end with NUL: three
numbers, the working directory, then as many lines of /proc/self/cgroup, environment entries and arguments
as the numbers say; an empty one is the end. The three standard streams come along.
"""

import os
import sys

# Not `socket` and `signal`: loading those takes longer than all of the rest.
import _signal
import _socket

ANSWER_SECONDS = 10
EXIT_KILLED = 137
UCRED_BYTES = 12
STANDARD_STREAMS = (0, 1, 2)


class Unavailable(Exception):
    pass


def main():
    address, words, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    stopping = StopSignals()
    try:
        connection = connect(address)
        send_request(connection, command[words:])
        answers = Answers(connection)
        first = answers.next()
        if not first.startswith(b"started "):
            raise Unavailable
    except (OSError, Unavailable):
        stopping.end()
        os.execv(command[0], command)
    connection.settimeout(None)
    stopping.pass_on(int(first.split()[1]))
    last = answers.next(default=b"ended %d" % EXIT_KILLED)
    return int(last.split()[1])


class StopSignals:
    """Goes on to the forked process, which is not in this one's group."""

    def __init__(self):
        self._child = None
        self._came = []
        for number in (_signal.SIGTERM, _signal.SIGINT):
            _signal.signal(number, self._take)

    def _take(self, number, _frame):
        if self._child is None:
            self._came.append(number)
        else:
            self._send(number)

    def _send(self, number):
        try:
            os.kill(self._child, number)
        except OSError:
            pass

    def pass_on(self, child):
        self._child = child
        for number in self._came:
            self._send(number)

    def end(self):
        for number in (_signal.SIGTERM, _signal.SIGINT):
            _signal.signal(number, _signal.SIG_DFL)
        for number in self._came:
            os.kill(os.getpid(), number)


def connect(address):
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.settimeout(ANSWER_SECONDS)
    connection.connect("\0" + address)
    peer = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, UCRED_BYTES)
    if int.from_bytes(peer[4:8], sys.byteorder) != os.getuid():
        raise Unavailable
    return connection


def send_request(connection, arguments):
    with open("/proc/self/cgroup", "rb") as stream:
        groups = stream.read().splitlines()
    environment = [name + b"=" + value for name, value in os.environb.items()]
    numbers = [b"%d" % len(part) for part in (groups, environment, arguments)]
    words = [os.fsencode(word) for word in arguments]
    texts = numbers + [os.fsencode(os.getcwd())] + groups + environment + words
    data = b"".join(text + b"\0" for text in texts) + b"\0"
    descriptors = b"".join(number.to_bytes(4, sys.byteorder) for number in STANDARD_STREAMS)
    rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, descriptors)]
    sent = connection.sendmsg([data], rights)
    while sent < len(data):
        sent += connection.send(data[sent:])


class Answers:
    """Lines that the forked process, or the server for it, sends."""

    def __init__(self, connection):
        self._connection = connection
        self._data = b""

    def next(self, default=None):
        while b"\n" not in self._data:
            part = self._connection.recv(4096)
            if not part:
                if default is None:
                    raise Unavailable
                return default
            self._data += part
        line, _, self._data = self._data.partition(b"\n")
        return line


if __name__ == "__main__":
    code = main()
    os._exit(code)
