"""Takes the results of tasks from the runs before, and keeps those of this one for the next."""

import json
import logging
import os
import urllib.parse
import urllib.request
from collections.abc import Mapping, MutableSequence

from content_digest import ContentDigests
from kept_results import KeptResults, NotKept
from result_key import ResultKeys
from run_paths import RunPaths

# What cwltool works out anew from a file's place.
DERIVED = ("path", "dirname", "nameroot", "nameext", "checksum", "size")

_logger = logging.getLogger("cwltool")


class TaskResults:
    def __init__(self, directory, run_root, guard):
        digests = ContentDigests()
        self._paths = RunPaths(run_root)
        self._keys = ResultKeys(self._paths, digests, guard.allows)
        self._kept = KeptResults(directory, digests, guard.allows)

    def key_of(self, job, context):
        """None for a task whose result is neither taken nor kept."""
        try:
            return self._keys.of(job, context)
        except Exception as error:  # whatever it is, the task itself tells of it better
            _logger.debug("[job %s] has no key: %s", job.name, error)
            return None

    def take(self, key, job):
        """The outputs of the task as cwltool reads them of one that ran; None when it is to run."""
        outdir = job.outdir
        os.makedirs(outdir, exist_ok=True)
        place = os.path.join(outdir, "kept")
        record = self._kept.take(key, place)
        if record is None:
            return None
        # A task may say by this file what its outputs are (CWL, section "Output binding").
        said = os.path.join(outdir, "cwl.output.json")
        with open(said, "w", encoding="utf-8") as stream:
            json.dump(_located(record, place), stream)
        job.builder.outdir = outdir
        _logger.info("[job %s] takes the results of an earlier execution", job.name)
        return job.collect_outputs(outdir, 0)

    def keep_of(self, key, job):
        """Has the job's results kept when it succeeds, before any other task may use them."""
        collect_outputs = job.collect_outputs

        def collect_and_keep(outdir, exit_code):
            outputs = collect_outputs(outdir, exit_code)
            if _is_success(job, exit_code):
                self._keep(key, job, outputs)
            return outputs

        job.collect_outputs = collect_and_keep

    def _keep(self, key, job, outputs):
        recorded = _Recorded()
        try:
            record = recorded.of(outputs)
            if self._paths.are_in(record):
                raise NotKept("an output that is no file has the path of the run in it")
            self._kept.keep(key, record, recorded.files)
        except Exception as error:  # whatever it is, the task has succeeded
            _logger.warning("[job %s] the results are not kept: %s", job.name, error)


def _is_success(job, exit_code):
    if exit_code in job.successCodes:
        return True
    failures = (*job.temporaryFailCodes, *job.permanentFailCodes)
    return exit_code == 0 and exit_code not in failures


class _Recorded:
    """The outputs without places; `files` has the path of each under the name that stands for it."""

    def __init__(self):
        self.files = {}
        self._names = {}

    def of(self, value):
        if isinstance(value, MutableSequence):
            return [self.of(item) for item in value]
        if not isinstance(value, Mapping):
            return value
        if value.get("class") not in ("File", "Directory"):
            return {key: self.of(item) for key, item in value.items()}
        left_out = (*DERIVED, "listing") if value["class"] == "Directory" else DERIVED
        rest = {key: self.of(item) for key, item in value.items() if key not in left_out}
        return {**rest, "location": self._name(_path_of(value.get("location", "")))}

    def _name(self, path):
        """One for each file, by how many names so ever it is an output."""
        real = os.path.realpath(path)
        if real not in self._names:
            # Alone in a directory, because only that leaves every name free.
            name = "%d/%s" % (len(self.files), os.path.basename(real))
            self._names[real] = name
            self.files[name] = path
        return self._names[real]


def _path_of(location):
    parts = urllib.parse.urlsplit(location)
    if parts.scheme == "file":
        return urllib.request.url2pathname(parts.path)
    if location.startswith("/"):
        return location
    raise NotKept("the output %s is no file of this machine" % location)


def _located(value, place):
    if isinstance(value, list):
        return [_located(item, place) for item in value]
    if not isinstance(value, dict):
        return value
    located = {key: _located(item, place) for key, item in value.items()}
    if value.get("class") in ("File", "Directory"):
        located["location"] = "file://" + urllib.parse.quote(os.path.join(place, value["location"]))
    return located
