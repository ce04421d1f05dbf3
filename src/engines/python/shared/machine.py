"""What the machine has."""

import psutil

CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
BYTES_PER_MEBIBYTE = 2**20


def memory_mebibytes():
    """Memory of the machine or of the container around this process, whichever is less."""
    total = psutil.virtual_memory().total
    for path in CGROUP_LIMITS:
        try:
            with open(path, encoding="ascii") as stream:
                total = min(total, int(stream.read()))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return int(total / BYTES_PER_MEBIBYTE)
