"""Keeps the engine's own reading and copying within the run's directory and the allowed roots.

The tools themselves run as ordinary processes and are not held back by this; it is there for what the
engine does on a document's behalf: documents, `$include`, defaults, literals, secondary files, outputs.
"""

import os
import urllib.parse
import urllib.request

REMOTE_SCHEMES = ("http", "https", "mailto")


class FileGuard:
    def __init__(self, roots):
        self._roots = [os.path.realpath(root) for root in roots]

    def allows(self, path):
        """Whether the file that `path` leads to, through all symbolic links, lies below a root."""
        real = os.path.realpath(path)
        return any(real == root or real.startswith(root.rstrip("/") + "/") for root in self._roots)

    def allows_address(self, address):
        parts = urllib.parse.urlsplit(address)
        if parts.scheme in REMOTE_SCHEMES or address.startswith("_:"):
            return True
        path = urllib.request.url2pathname(parts.path) if parts.scheme == "file" else address
        return self.allows(path)

    def require(self, path):
        """Raises cwltool's WorkflowException for a path that leads outside."""
        if not self.allows(path):
            from cwltool.errors import WorkflowException

            raise WorkflowException(refusal(path))

    def require_staging(self, mapper, on_host):
        """Checks what a task is to be given and where the engine is to put it, before it does.

        `on_host` gives the place of a target on this machine, None for one that is in a container only.
        """
        if mapper is None:
            return
        for _, entry in mapper.items():
            target = on_host(entry.target)
            if target is not None:
                self.require(target)
            is_literal = (entry.type or "").startswith("Create") or entry.resolved.startswith("_:")
            if not is_literal:
                self.require(entry.resolved)


def refusal(path):
    return (
        "'%s' lies outside the run's directory; attach the file to the request or name it by an "
        "http(s) address" % path
    )


def guarded_fs_access(guard):
    """A class, as cwltool wants it, whose instances read only what the guard allows."""
    from cwltool.stdfsaccess import StdFsAccess

    class GuardedFsAccess(StdFsAccess):
        def _allowed(self, address):
            if not guard.allows_address(self._abs(address)):
                guard.require(self._abs(address))
            return address

        def glob(self, pattern):
            return [self._allowed(found) for found in super().glob(pattern)]

        def open(self, fn, mode):
            return super().open(self._allowed(fn), mode)

        def exists(self, fn):
            return super().exists(self._allowed(fn))

        def size(self, fn):
            return super().size(self._allowed(fn))

        def isfile(self, fn):
            return super().isfile(self._allowed(fn))

        def isdir(self, fn):
            return super().isdir(self._allowed(fn))

        def listdir(self, fn):
            return super().listdir(self._allowed(fn))

    return GuardedFsAccess


def guarded_fetcher(guard):
    """A class for schema-salad, which reads the documents and what they import or include."""
    from schema_salad.exceptions import ValidationException
    from schema_salad.fetcher import DefaultFetcher

    class GuardedFetcher(DefaultFetcher):
        def fetch_text(self, url, content_types=None):
            if url not in self.cache and not guard.allows_address(url):
                raise ValidationException(refusal(url))
            return super().fetch_text(url, content_types)

        def check_exists(self, url):
            return guard.allows_address(url) and super().check_exists(url)

    return GuardedFetcher
