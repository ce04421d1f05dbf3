"""What becomes of the processes of a run when it is stopped."""

import ctypes
import os
import signal
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
    for each task, and for ever when it runs tasks in threads.
    """
    signal.signal(signal.SIGTERM, lambda _signal_number, _frame: _end_all(end_others))


def _end_all(end_others):
    # Caught and not ignored: a task that is started just now would ignore it for ever.
    signal.signal(signal.SIGTERM, lambda _signal_number, _frame: None)
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGTERM)
        # Once more for a task that was just being started.
        time.sleep(START_SECONDS)
        os.killpg(0, signal.SIGTERM)
    else:  # the group is somebody else's: only our own descendants
        _end_descendants()
    if end_others is not None:
        end_others()
    os._exit(EXIT_AFTER_SIGTERM)


def _end_descendants():
    import psutil

    for process in psutil.Process().children(recursive=True):
        _quietly(process.terminate)


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
