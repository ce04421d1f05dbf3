"""Moves this process into another one's control groups (cgroups(7))."""

import os
import re


def join(lines):
    """`lines` are those of the other process's /proc/<pid>/cgroup; groups that are ours already stay.

    Raises OSError where a group may not be entered: outside of it, its limits would not hold.
    """
    with open("/proc/self/cgroup", encoding="utf-8", errors="surrogateescape") as stream:
        own = stream.read().splitlines()
    strange = [line for line in lines if line and line not in own]
    if not strange:
        return
    mounts = _mounts()
    for line in strange:
        _, names, group = line.split(":", 2)
        with open(os.path.join(_directory(mounts, names, group), "cgroup.procs"), "w") as stream:
            stream.write(str(os.getpid()))


def _mounts():
    """Name of a controller (empty for version 2) -> (group at the mount point, mount point)."""
    mounts = {}
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        for line in stream:
            fields, _, rest = line.partition(" - ")
            kind, _, options = rest.rstrip("\n").split(" ", 2)
            if kind not in ("cgroup", "cgroup2"):
                continue
            root, point = (_plain(text) for text in fields.split(" ")[3:5])
            for name in [""] if kind == "cgroup2" else options.split(","):
                mounts[name] = (root, point)
    return mounts


def _plain(text):
    """mountinfo writes blanks and backslashes as octal numbers."""
    return re.sub(r"\\(\d{3})", lambda octal: chr(int(octal.group(1), 8)), text)


def _directory(mounts, names, group):
    name = names.split(",")[0]
    if name not in mounts:
        raise OSError("the hierarchy of %s is not mounted" % (names or "cgroup2"))
    root, point = mounts[name]
    return os.path.join(point, os.path.relpath(group, root))
