"""The forked copy that becomes a run: takes on all that makes its client's process, then does the work."""

import os
import signal
import socket
import sys
import tempfile
import time
import traceback

import control_groups

REQUEST_SECONDS = 10
MOST_BYTES = 4 * 1024 * 1024
STANDARD_STREAMS = 3
EXIT_CRASHED = 70  # EX_SOFTWARE of sysexits.h


def serve(connection, run):
    """Never returns. What goes wrong before `started` is said leaves the client free to do without us."""
    code = EXIT_CRASHED
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        connection.settimeout(REQUEST_SECONDS)
        request, streams = receive(connection)
        become(request, streams)
        connection.settimeout(None)
        say(connection, "started %d" % os.getpid())
        # Tools must not inherit it: the client would wait for those that stay behind.
        os.set_inheritable(connection.fileno(), False)
        code = run(request["arguments"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                pass
        say(connection, "ended %d" % code)
        # Straight out: what a tool left running must not keep the interpreter waiting for its threads.
        os._exit(code)


def say(connection, text):
    try:
        connection.sendall(text.encode() + b"\n")
    except OSError:  # the client is gone, and so is its run
        pass


def receive(connection):
    """The request (see fork_client.py) and the client's three standard streams."""
    data = b""
    streams = []
    while not data.endswith(b"\0\0"):
        part, descriptors, _, _ = socket.recv_fds(connection, 65536, STANDARD_STREAMS)
        streams.extend(descriptors)
        data += part
        if not part or len(data) > MOST_BYTES:
            raise ValueError("the client's request is not complete")
    texts = [os.fsdecode(text) for text in data[:-2].split(b"\0")]
    if len(streams) != STANDARD_STREAMS:
        raise ValueError("the client's streams did not come along")
    lengths = [int(number) for number in texts[:3]]
    rest = texts[4:]
    groups, environment, arguments = cut(rest, lengths)
    return {
        "directory": texts[3],
        "groups": groups,
        "environment": dict(entry.split("=", 1) for entry in environment),
        "arguments": arguments,
    }, streams


def cut(texts, lengths):
    parts = []
    for length in lengths:
        parts.append(texts[:length])
        texts = texts[length:]
    return parts


def become(request, streams):
    # First of all: from here on, whatever this process takes is counted for the run.
    control_groups.join(request["groups"])
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        if descriptor >= STANDARD_STREAMS:
            os.close(descriptor)
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update(request["environment"])
    # What was looked up in the server's environment.
    tempfile.tempdir = None
    time.tzset()
