"""Takes over the results of earlier runs that repeat one another, where nothing has changed.

Snakemake itself decides what is to run again, by the files and by what it noted of them in `.snakemake`:
both are brought back before it looks. Its rules alone are not enough, though: attachments are new files in
each run, and a changed configuration within a command goes unnoticed. So attachments are made older than
any result, and each job has a fingerprint of all that it depends on, by the content of attachments.
"""

import hashlib
import json
import os
import re
import sys

from job_tasks import name_of
from result_store import NotKept, ResultStore, walk

# 2000-01-01: no result of a run is older.
TIME_OF_ATTACHMENTS = 946684800


class NoCache:
    def keep(self, job):
        pass

    def forget_missing(self):
        pass


class ResultCache:
    """For the run in the present directory, before anything of it ran."""

    def __init__(self, directory, run_root, uses_containers):
        import snakemake

        # Of another version the notes may mean something else.
        self._store = ResultStore(os.path.join(directory, "snakemake-" + snakemake.__version__))
        self._run_root = run_root
        self._uses_containers = uses_containers
        self._attachments = {os.path.normpath(path) for path in walk(".")}
        self._records = {}
        self._removed = {}
        self._made_now = set()

    def restore(self):
        for path in self._attachments:
            os.utime(path, (TIME_OF_ATTACHMENTS, TIME_OF_ATTACHMENTS), follow_symlinks=False)
        try:
            with self._store.locked():
                self._bring_back()
        except (OSError, ValueError, NotKept) as error:
            print("Results of earlier runs can't be used: %s" % error, file=sys.stderr)

    def _bring_back(self):
        records = self._store.records()
        whole = [record for record in records.values() if self._store.is_whole(record["files"])]
        if len(whole) < len(records):
            self._store.replace_records(whole)
        for record in whole:
            if not self._attachments.isdisjoint(entry[0] for entry in record["files"]):
                continue
            self._store.bring_back(record["files"])
            # Without it Snakemake takes the notes for those of a very old version.
            os.makedirs(os.path.join(".snakemake", "incomplete"), exist_ok=True)
            for path, text in record["notes"].items():
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as stream:
                    stream.write(text)
            self._records[record["name"]] = record
            self._removed.update((path, content) for path, content, _ in record.get("removed", []))

    def is_outdated(self, job):
        """Whether the job's results are of an earlier run, in which something was not as it is now."""
        name = name_of(job)
        record = self._records.get(name)
        # Snakemake looks again when a checkpoint has ended, by when temporary inputs may be gone.
        if record is None or name in self._made_now:
            return False
        try:
            return record["fingerprint"] != self._fingerprint(job)
        except Exception:  # what it depends on can't be told yet
            return True

    def keep(self, job):
        """Takes the results of a job that just ended well."""
        self._made_now.add(name_of(job))
        if job.is_norun or any(is_kept_elsewhere(path) for path in job.output):
            return
        try:
            record = {
                "name": name_of(job),
                "fingerprint": self._fingerprint(job),
                "outputs": [os.path.normpath(path) for path in job.output],
                "notes": notes_of(job),
            }
            with self._store.locked():
                record["files"] = [
                    entry for path in record["outputs"] for entry in self._store.keep(path)
                ]
                self._store.add(record)
            self._records[record["name"]] = record
        except NotKept:
            pass
        except Exception as error:  # the run is worth more than its cache
            print("The results of %s can't be kept: %s" % (name_of(job), error), file=sys.stderr)

    def forget_missing(self):
        """After a run that ended well: of temporary files that it removed, only what they were is kept."""
        try:
            with self._store.locked():
                records = self._store.records()
                for name, record in records.items():
                    is_there = all(map(os.path.lexists, record["outputs"]))
                    if record["files"] and name in self._records and not is_there:
                        self._store.drop(record["files"])
                        record["removed"], record["files"] = record["files"], []
                self._store.replace_records(records.values())
        except (OSError, ValueError) as error:
            print("The kept results can't be tidied up: %s" % error, file=sys.stderr)

    def _fingerprint(self, job):
        facts = {
            "inputs": [[str(path), self._contents(path)] for path in job.input if matters(path)],
            "image": job.container_img_url if self._uses_containers else None,
        }
        if job.rule.shellcmd is not None:
            command = command_of(job).replace(self._run_root, "")
            facts["command"] = command
            facts["files"] = self._named_in(command)
        else:
            facts["config"] = job.rule.workflow.globals.get("config")
            facts["files"] = self._code_beside(job)
        text = json.dumps(facts, sort_keys=True, default=repr)
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()

    def _contents(self, path):
        """Of the file, or of all files of the directory."""
        # A temporary file that is gone is what it was, unless it is made anew.
        return [
            [inside, self._store.content(inside) or self._removed.get(inside)]
            for inside in sorted(walk(os.path.normpath(path)))
        ]

    def _named_in(self, command):
        """Attachments that a command names without declaring them, as `python scripts/count.py`."""
        words = set(re.split(r"[^\w./+-]+", command))
        names = {os.path.normpath(word) for word in words if word}
        return [[path, self._store.content(path)] for path in sorted(names & self._attachments)]

    def _code_beside(self, job):
        """A script may load others of its kind; code in the Snakefile any Python, and what is around it."""
        script = job.rule.script or job.rule.notebook
        suffixes = (".py", ".smk") if script is None else (os.path.splitext(str(script))[1],)
        paths = {path for path in self._attachments if path.endswith(suffixes)}
        if script is None:
            main = os.path.relpath(str(job.rule.workflow.main_snakefile))
            paths |= {main} & self._attachments
        return [[path, self._store.content(path)] for path in sorted(paths)]


def command_of(job):
    try:
        job.jobid
    except KeyError:  # while the graph is made, jobs of version 7 have no numbers
        job.dag.update_jobids()
    return job.shellcmd


def matters(path):
    flags = getattr(path, "flags", {})
    return "ancient" not in flags and not is_kept_elsewhere(path)


def is_kept_elsewhere(path):
    """Of a storage that Snakemake itself looks after, or nothing to keep."""
    flags = getattr(path, "flags", {})
    is_stored = getattr(path, "is_storage", False) or getattr(path, "is_remote", False)
    return is_stored or "pipe" in flags or "service" in flags or os.path.isabs(str(path))


def notes_of(job):
    """What Snakemake wrote down of each output, by its path."""
    persistence = job.dag.workflow.persistence
    found = {}
    for path in job.output:
        place = os.path.relpath(persistence._record_path(persistence._metadata_path, str(path)))
        with open(place, encoding="utf-8") as stream:
            found[place] = stream.read()
    return found
