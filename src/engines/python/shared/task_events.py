"""Events of a run as JSON lines in a file that others follow while it grows."""

import json
import os
import time


def now_milliseconds():
    return int(time.time() * 1000)


class EventLog:
    """Appends one line with one write, so that threads never mix lines and a reader never waits."""

    def __init__(self, path):
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, event, **facts):
        facts.setdefault("at", now_milliseconds())
        line = json.dumps({"event": event, **facts}, default=str) + "\n"
        rest = line.encode("utf-8", "backslashreplace")
        while rest:  # a second write only when the disk is full, which then raises
            rest = rest[os.write(self._descriptor, rest) :]
