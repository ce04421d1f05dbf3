"""Holds this process, and those that it starts, to a little time and memory, whoever watches them."""

import math
import resource
import signal

MEMORY_BYTES = 1024**3
FILE_BYTES = 64 * 1024**2
STOPPED_LATER_SECONDS = 1


def end_after(seconds):
    """By the kernel, so that it does not matter what the interpreter is at. Memory that is not given is a
    MemoryError, a file that grows too long an OSError."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    # Later than whoever waits for the verdict gives up: to be ended by him is told better.
    signal.setitimer(signal.ITIMER_REAL, seconds + STOPPED_LATER_SECONDS)
    _lower(resource.RLIMIT_CPU, math.ceil(seconds) + STOPPED_LATER_SECONDS)
    _lower(resource.RLIMIT_AS, MEMORY_BYTES)
    _lower(resource.RLIMIT_FSIZE, FILE_BYTES)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(which, value):
    _, most = resource.getrlimit(which)
    limit = value if most == resource.RLIM_INFINITY else min(value, most)
    resource.setrlimit(which, (limit, limit))
