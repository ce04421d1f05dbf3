"""Keeps the results of tasks for the runs that repeat this one: a call cache of miniwdl.

miniwdl's own cache finds a result by the paths of its inputs and gives out paths in the directory of the
earlier run. Here both are told by what files hold, and the files themselves are kept.
"""

import hashlib
import importlib.metadata
import json
import logging
import os
import threading

from WDL.runtime.cache import CallCache

from content_digest import ContentDigests
from host_backend import name_of, tell_cached
from kept_results import KeptResults, NotKept
from run_paths import RunPaths
from wdl_inputs import is_inside

# In the directory of a task: where miniwdl links its outputs, each in a place of its own, and where
# those that were kept are laid out in the same way.
OUT = "out"
KEPT = "kept"

_logger = logging.getLogger("wes")


class _Shared:
    """What the cache needs to know of the run; set before it begins."""

    kept = None
    digests = None
    paths = None
    tasks = {}
    current = threading.local()


class NoKey(Exception):
    """The task's result depends on something that can't be told."""


def prepare(directory, document, run_root, roots):
    """False when the cache can't be used, which is no reason to fail."""
    _Shared.digests = ContentDigests()
    _Shared.paths = RunPaths(run_root)
    _Shared.tasks = {task.digest: task for task in _tasks_of(document)}
    try:
        _Shared.kept = KeptResults(directory, _Shared.digests, lambda path: is_inside(path, roots))
    except OSError as error:
        _logger.warning("The cache can't be used: %s", error)
        return False
    logging.getLogger("wdl").addHandler(_DirectoryRecorder())
    return True


def _tasks_of(document):
    yield from document.tasks
    for imported in document.imports:
        yield from _tasks_of(imported.doc)


class _DirectoryRecorder(logging.Handler):
    """Hears miniwdl say in which directory this thread begins a task: the cache is asked without it."""

    def emit(self, record):
        if getattr(record.msg, "message", "") == "task setup":
            _Shared.current.directory = record.msg.kwargs["dir"]


class ResultCache(CallCache):
    """miniwdl asks for each task and each workflow; the results of workflows are made of those of tasks."""

    def __init__(self, cfg, logger):
        super().__init__(cfg, logger)
        self._keys = {}

    def get(self, key, inputs, output_types):
        name, digest = key.split("/")[:2]
        task = _Shared.tasks.get(digest)
        directory = getattr(_Shared.current, "directory", None)
        if task is None or directory is None:
            return None
        try:
            own_key = self._key_of(task, inputs)
        except (NoKey, OSError) as reason:
            _logger.debug("Task %s has no key: %s", name, reason)
            return None
        self._keys[key] = own_key
        place = os.path.join(directory, KEPT)
        record = _Shared.kept.take(own_key, place)
        if record is None:
            return None
        tell_cached(name_of(directory, task.name))
        return _located(record, place, output_types)

    def put(self, key, outputs, run_dir=None, **more):
        """`more` depends on the version of miniwdl; where it has them, files that were found beside the document."""
        super().put(key, outputs, run_dir, **more)  # remembers them, and keeps nothing
        own_key = self._keys.get(key)
        if own_key is None:
            return
        try:
            found = more.get("add_paths")
            if found is not None and (found.add_paths or found.absent_paths):
                raise NotKept("the task reads files beside its document")
            files = {}
            record = _recorded(outputs, os.path.join(run_dir, OUT), files)
            if _Shared.paths.are_in(record):
                raise NotKept("an output that is no file has the path of the run in it")
            _Shared.kept.keep(own_key, record, files)
        except Exception as reason:  # whatever it is, the task has succeeded
            _logger.warning("The results of %s are not kept: %s", run_dir, reason)

    def _key_of(self, task, inputs):
        """Raises NoKey, and OSError for an input that can't be read."""
        import WDL

        says_volatile = getattr(task.meta.get("volatile"), "value", None) is True
        if says_volatile or _names_files(task, inputs):
            raise NoKey()
        directories = {}

        def describe(value):
            path = self._local_path(value)
            is_directory = isinstance(value, WDL.Value.Directory)
            of = _Shared.digests.of_directory if is_directory else _Shared.digests.of_file
            # Files of one directory are beside each other for the task as well.
            group = directories.setdefault(os.path.dirname(path), len(directories))
            return "%d/%s/%s" % (group, os.path.basename(path), of(path))

        described = WDL.Value.rewrite_env_paths(inputs, describe)
        parts = [
            importlib.metadata.version("miniwdl"),
            self._cfg["scheduler"]["container_backend"],
            self._cfg["file_io"]["copy_input_files"],
            task.name,
            task.digest,
            WDL.values_to_json(described),
        ]
        text = json.dumps(parts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _local_path(self, value):
        import WDL

        path = value.value.rstrip("/")
        if os.path.isabs(path):
            return path
        is_directory = isinstance(value, WDL.Value.Directory)
        fetched = self.get_download(path, directory=is_directory)
        if fetched is None:  # only when it is there can it be told what it holds
            raise NoKey()
        return fetched.rstrip("/")


def _names_files(task, inputs):
    """Whether a declaration may name a file that is not among the inputs, as an address of the web."""
    given = {binding.name for binding in inputs}
    return any(
        declaration.expr is not None
        and declaration.name not in given
        and _has_files(declaration.type)
        and _has_text(declaration.expr)
        for declaration in [*(task.inputs or []), *task.postinputs]
    )


def _has_files(kind):
    import WDL

    if isinstance(kind, (WDL.Type.File, WDL.Type.Directory, WDL.Type.StructInstance)):
        return True
    return any(map(_has_files, kind.parameters))


def _has_text(expression):
    """But for what goes into a file that the task makes of it, as by write_lines()."""
    import WDL

    if isinstance(expression, WDL.Expr.Apply) and expression.function.startswith("write_"):
        return False
    return isinstance(expression, WDL.Expr.String) or any(map(_has_text, expression.children))


def _recorded(outputs, directory, files):
    """The outputs with names instead of paths, those below `directory`; `files` gets the path of each."""
    import WDL

    def name(value):
        path = value.value.rstrip("/")
        kept_as = os.path.relpath(path, directory)
        if kept_as.startswith(".."):
            raise NotKept("%s is not among the outputs" % path)
        files[kept_as] = path
        return kept_as

    return WDL.values_to_json(WDL.Value.rewrite_env_paths(outputs, name))


def _located(record, place, output_types):
    import WDL

    outputs = WDL.values_from_json(record, output_types)
    return WDL.Value.rewrite_env_paths(
        outputs, lambda value: os.path.join(place, value.value.rstrip("/"))
    )
