"""What the result of a task depends on, as a key that is the same wherever a run has its directory.

cwltool's own cache (`--cachedir`) is not used: its keys leave out inputs that are not words of the command,
as those in the environment, in generated files or in the names of outputs, and it waits for the lock of an
equal task where that task waits for it.
"""

import hashlib
import importlib.metadata
import json
import re
import urllib.parse
import urllib.request
from collections.abc import Mapping, MutableSequence

# Where a file lies is no part of what it is.
PLACES = ("location", "path", "dirname", "http://commonwl.org/cwltool#generation")
RANDOM_NAME = re.compile(r"_:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What cwltool calls a captured stream that has no name: a digest of the document and of where it lies.
STREAM_NAME = re.compile(r"[0-9a-f]{40}")


class NoKey(Exception):
    """The task's result depends on something that can't be told."""


class ResultKeys:
    def __init__(self, paths, digests, allows):
        """`allows` tells whether the file that a path leads to may be read."""
        self._paths = paths
        self._digests = digests
        self._allows = allows
        self._version = importlib.metadata.version("cwltool")

    def of(self, job, context):
        """Raises NoKey, and OSError for an input that can't be read."""
        tool = _tool_of(job)
        if job.inplace_update or not _may_be_reused(job):
            raise NoKey()
        mapper = job.builder.pathmapper
        parts = {
            "cwltool": self._version,
            "container": [context.use_container, context.default_container],
            "tool": self._plain(_with_plain_streams(tool)),
            "requirements": self._plain(job.requirements),
            "hints": self._plain(job.hints),
            "resources": self._plain(job.builder.resources),
            "inputs": self._described(job.builder.job, mapper),
            "staged": self._described(job.generatefiles["listing"], mapper),
        }
        text = json.dumps(parts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def _plain(self, value):
        if isinstance(value, Mapping):
            return {self._plain(str(key)): self._plain(item) for key, item in value.items()}
        if isinstance(value, MutableSequence):
            return [self._plain(item) for item in value]
        if not isinstance(value, str):
            return value
        return RANDOM_NAME.sub("_:", self._paths.without(value))

    def _described(self, value, mapper):
        """Files and directories by what they hold."""
        if isinstance(value, MutableSequence):
            return [self._described(item, mapper) for item in value]
        if not isinstance(value, Mapping):
            return self._plain(value)
        kind = value.get("class")
        if kind not in ("File", "Directory"):
            return {self._plain(key): self._described(item, mapper) for key, item in value.items()}
        described = {
            key: self._described(item, mapper) for key, item in value.items() if key not in PLACES
        }
        location = value.get("location") or value.get("path") or "_:"
        if not location.startswith("_:"):
            place = _local_path(location, mapper)
            if not self._allows(place):
                raise NoKey()
            directory = kind == "Directory"
            described["digest"] = (
                self._digests.of_directory(place) if directory else self._digests.of_file(place)
            )
        return described


def _tool_of(job):
    """The process that a job was made of is not among its attributes, but the method that reads its outputs."""
    collect = getattr(job.collect_outputs, "func", None)
    tool = getattr(getattr(collect, "__self__", None), "tool", None)
    if not isinstance(tool, Mapping):
        raise NoKey()
    return tool


def _with_plain_streams(tool):
    names = {}
    for stream in ("stdout", "stderr"):
        if STREAM_NAME.fullmatch(str(tool.get(stream))):
            names[tool[stream]] = "(%s)" % stream

    def renamed(value):
        if isinstance(value, Mapping):
            return {key: renamed(item) for key, item in value.items()}
        if isinstance(value, MutableSequence):
            return [renamed(item) for item in value]
        return names.get(value, value) if isinstance(value, str) else value

    return renamed(tool) if names else tool


def _may_be_reused(job):
    reuse, _ = job.get_requirement("WorkReuse")
    allowed = True if reuse is None else reuse.get("enableReuse", True)
    return (job.builder.do_eval(allowed) if isinstance(allowed, str) else allowed) is True


def _local_path(location, mapper):
    if location in mapper.files():  # also what was fetched from the web
        return mapper.mapper(location).resolved
    parts = urllib.parse.urlsplit(location)
    if parts.scheme == "file":
        return urllib.request.url2pathname(parts.path)
    if location.startswith("/"):
        return location
    raise NoKey()
