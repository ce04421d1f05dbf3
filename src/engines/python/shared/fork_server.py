"""Keeps an engine loaded and forks a copy of itself for each run, which then starts in milliseconds.

    python3 fork_server.py [--forks N] [--listen DESCRIPTOR] ADDRESS DRIVER-DIRECTORY

ADDRESS is the name of an abstract Unix socket. The driver's directory has a module `warm_up` whose function
`warm_up()` loads all that runs will need, and whose function `run(arguments)` does the driver's work and
gives its exit code. `fork_client.py` is the other side.

This process has one thread and never reads what a client sends: it accepts, forks, and tells of the end.
A child belongs to its run, in a session of its own: it needs neither this process nor the daemon, and sends
its exit code itself. After N forks a fresh process takes this one's place. When standard input ends, whoever
started the server is gone, and the server ends too.
"""

import argparse
import gc
import os
import select
import signal
import socket
import struct
import sys
import threading
import traceback

import fork_child

BACKLOG = 128
UCRED = struct.Struct("3i")  # pid, uid, gid: unix(7)
EXIT_WARM_UP_FAILED = 75


def main():
    options = parse_arguments()
    sys.path.insert(0, os.path.realpath(options.driver))
    listener = None
    if options.listen is not None:
        listener = socket.socket(fileno=options.listen)
        listener.set_inheritable(False)
    import warm_up

    try:
        warm_up.warm_up()
    except Exception:
        traceback.print_exc()
        return EXIT_WARM_UP_FAILED
    others = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    if others:  # a fork would leave their locks taken for ever
        print("threads are left after the warm-up: %s" % others, file=sys.stderr)
        return EXIT_WARM_UP_FAILED
    gc.collect()
    gc.freeze()  # what is loaded by now is never written to by collections, so that children share it
    listener = listener or listen(options.address)
    if serve(listener, warm_up.run, options.forks):
        renew(listener, options)
    return 0


def parse_arguments():
    parser = argparse.ArgumentParser(prog="fork_server.py")
    parser.add_argument("--forks", type=int, default=500)
    parser.add_argument("--listen", type=int)
    parser.add_argument("address")
    parser.add_argument("driver")
    return parser.parse_args()


def listen(address):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind("\0" + address)
    listener.listen(BACKLOG)
    return listener


def renew(listener, options):
    """A fresh process in this one's place; clients that come meanwhile wait in the socket's queue."""
    listener.set_inheritable(True)
    command = [sys.executable, os.path.abspath(__file__), "--forks", str(options.forks)]
    command += ["--listen", str(listener.fileno()), options.address, options.driver]
    os.execv(command[0], command)


def serve(listener, run, forks):
    """Until standard input ends (False) or so many were forked that a fresh process is due (True)."""
    wakeup_reader, wakeup_writer = os.pipe()
    os.set_blocking(wakeup_reader, False)
    os.set_blocking(wakeup_writer, False)
    signal.set_wakeup_fd(wakeup_writer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _signal_number, _frame: None)
    connections = {}
    for _ in range(forks):
        while True:
            ready, _, _ = select.select([listener, wakeup_reader, sys.stdin], [], [])
            if wakeup_reader in ready:
                empty(wakeup_reader)
                tell_of_ended(connections)
            if sys.stdin in ready and not os.read(sys.stdin.fileno(), 4096):
                return False
            if listener in ready:
                break
        connection, _ = listener.accept()
        if peer_user(connection) != os.getuid():
            connection.close()
            continue
        child = os.fork()
        if child == 0:
            # As long as a connection is open anywhere, its client waits for an end.
            for other in connections.values():
                other.close()
            listener.close()
            os.close(wakeup_reader)
            signal.set_wakeup_fd(-1)
            os.close(wakeup_writer)
            fork_child.serve(connection, run)
        connections[child] = connection
    return True


def empty(descriptor):
    try:
        while os.read(descriptor, 4096):
            pass
    except BlockingIOError:
        pass


def peer_user(connection):
    packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, UCRED.size)
    return UCRED.unpack(packed)[1]


def tell_of_ended(connections):
    """A child that was killed could not tell its end itself."""
    while True:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if child == 0:
            return
        connection = connections.pop(child, None)
        if connection is None:  # forked by the process that this one replaced
            continue
        code = os.waitstatus_to_exitcode(status)
        fork_child.say(connection, "ended %d" % (code if code >= 0 else 128 - code))
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
