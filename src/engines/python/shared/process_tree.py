"""What becomes of the processes of a run when it is stopped."""

import ctypes
import os
import signal
import threading
import time

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
EXIT_AFTER_SIGTERM = 128 + signal.SIGTERM
START_SECONDS = 0.05
GRACE_SECONDS = 3


def adopt_orphans():
    """Processes whose parents ended become children of this one and stay in its tree (Linux only)."""
    try:
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (AttributeError, OSError):
        pass


def end_all_on_sigterm(end_others=None):
    """SIGTERM reaches the whole group and this process is gone at once, whatever its threads do.

    `end_others` ends what the run has outside of its processes. cwltool's own handler waits for ten seconds
    for each task, and for ever when it runs tasks in threads. May be called again, when an engine took the
    signal for itself.

    A thread of its own waits for the signal: Python's handlers are for the main thread, which, when the
    signal comes just as it begins to wait for others, hears of it only when it is woken.
    """
    _Ending.end_others = end_others
    signal.signal(signal.SIGTERM, lambda _signal_number, _frame: end_all())
    if _Ending.reader is None:
        _Ending.reader, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        threading.Thread(target=_await_sigterm, name="await-sigterm", daemon=True).start()


class _Ending:
    """Of this process; a forked one begins without."""

    end_others = None
    reader = None
    by_thread = None
    lock = threading.RLock()


def _forget():
    # Its signals must not be taken for its parent's.
    if _Ending.reader is not None:
        signal.set_wakeup_fd(-1)
        _Ending.reader = None


os.register_at_fork(after_in_child=_forget)


def _await_sigterm():
    while signal.SIGTERM not in os.read(_Ending.reader, 64):
        continue
    end_all()


def end_all():
    """Ends this process with all that it started, at once, in any thread.

    Others that come stay here: the engine must not go on and take the end of its tasks for failures.
    """
    if _Ending.by_thread == threading.get_ident():  # its own signal, below
        return
    with _Ending.lock:
        _Ending.by_thread = threading.get_ident()
        _end_all()


def _end_all():
    if os.getpgrp() == os.getpid():
        # SIGTERM is caught here and not ignored: a task that is started just now would ignore it for ever.
        os.killpg(0, signal.SIGTERM)
        # Once more for a task that was just being started.
        time.sleep(START_SECONDS)
        os.killpg(0, signal.SIGTERM)
    else:  # the group is somebody else's: only our own descendants
        _end_descendants()
    if _Ending.end_others is not None:
        _Ending.end_others()
    os._exit(EXIT_AFTER_SIGTERM)


def _end_descendants():
    children = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % name, encoding="utf-8", errors="replace") as stream:
                parent = stream.read().rpartition(")")[2].split()[1]
        except OSError:
            continue
        children.setdefault(int(parent), []).append(int(name))
    waiting = list(children.get(os.getpid(), []))
    while waiting:
        process = waiting.pop()
        waiting.extend(children.get(process, []))
        try:
            os.kill(process, signal.SIGTERM)
        except OSError:
            pass


def end_tree(process_id):
    """Ends a process of ours at once, and all that it started politely at first."""
    import psutil

    try:
        top = psutil.Process(process_id)
        others = top.children(recursive=True)
        top.kill()  # first: it must not go on with its next step
    except psutil.Error:
        return
    for process in others:
        _quietly(process.terminate)
    _, left = psutil.wait_procs(others, timeout=GRACE_SECONDS)
    for process in left:
        _quietly(process.kill)


def _quietly(action):
    import psutil

    try:
        action()
    except psutil.Error:
        pass
