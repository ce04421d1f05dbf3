"""What a check before the run does not look at: the web, and files whose content is not on this machine."""

import json
import os
import urllib.parse
import urllib.request

class Elsewhere:
    """`listing` is a file with the JSON list of the absolute paths that are not looked at, nor what is below."""

    def __init__(self, listing):
        with open(listing, encoding="utf-8") as stream:
            self._paths = {os.path.realpath(path) for path in json.load(stream)}
        self._missed = None

    def is_remote(self, address):
        """Whatever the protocol: the service fetches it before the engine starts."""
        return "://" in address and not address.startswith("file:")

    def holds(self, address):
        """`address` is a URL or a path."""
        if self.is_remote(address):
            return True
        parts = urllib.parse.urlsplit(address)
        path = urllib.request.url2pathname(parts.path) if parts.scheme == "file" else address
        path = os.path.realpath(path)
        while path not in self._paths:
            if path == os.path.dirname(path):
                return False
            path = os.path.dirname(path)
        return True

    def miss(self, address):
        """To be called where the content would be needed; gives the words for an error."""
        self._missed = self._missed or "'%s' is looked at when the workflow runs" % address
        return self._missed

    def amend(self, status, message):
        """A refusal may come of what was not looked at, and is none then."""
        if self._missed is None or status == "success":
            return status, message
        return "error", self._missed
