"""The names that the directory of a run has in texts; the next run has another one."""

import json
import os
import urllib.parse


class RunPaths:
    def __init__(self, root):
        names = {root, os.path.realpath(root)}
        # The longest first, because one may be the beginning of another.
        self._names = sorted(names | {urllib.parse.quote(name) for name in names}, key=len, reverse=True)

    def without(self, text):
        for name in self._names:
            text = text.replace(name, "")
        return text

    def are_in(self, value):
        """Whether a text anywhere in a JSON value has one of them."""
        text = json.dumps(value, ensure_ascii=False, default=str)
        return any(json.dumps(name, ensure_ascii=False)[1:-1] in text for name in self._names)
