"""Files that outlive their run, with what is known of each: in one directory, used by one run after another.

`files/` has the files under the paths that they have in a run, as second names of the same files where the
file system allows it; `records.jsonl` has a line for each job, of which the last one for a job holds. A file
that does not hold any more what its record says counts as gone: a later task may have changed it, or a crash.
"""

import contextlib
import fcntl
import json
import os
import shutil

from content_digest import ContentDigests


class NotKept(Exception):
    """A result that another run could not use."""


class ResultStore:
    def __init__(self, directory):
        self._directory = directory
        self._files = os.path.join(directory, "files")
        self._records = os.path.join(directory, "records.jsonl")
        self._digests = ContentDigests()
        os.makedirs(self._files, exist_ok=True)

    @contextlib.contextmanager
    def locked(self):
        """For one process at a time; a process that ends gives the lock back."""
        with open(os.path.join(self._directory, "lock"), "ab") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield

    def records(self):
        """Name of a job → its record."""
        found = {}
        try:
            with open(self._records, encoding="utf-8") as stream:
                for line in stream:
                    if not line.endswith("\n"):  # its writer was killed
                        continue
                    record = json.loads(line)
                    found[record["name"]] = record
        except FileNotFoundError:
            pass
        return found

    def add(self, record):
        with open(self._records, "ab+") as stream:
            start = ""
            if stream.tell() > 0:
                stream.seek(-1, os.SEEK_END)
                start = "" if stream.read(1) == b"\n" else "\n"
            stream.write((start + json.dumps(record) + "\n").encode())

    def replace_records(self, records):
        unfinished = self._records + ".part"
        with open(unfinished, "w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(record) + "\n" for record in records)
        os.replace(unfinished, self._records)

    def keep(self, path):
        """Takes the file or directory at a relative path; gives what is to be known of each file of it."""
        entries = []
        for inside in walk(path):
            place = os.path.join(self._files, inside)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            put(inside, place)
            entries.append([inside, self.content(inside), os.lstat(inside).st_mtime_ns])
        return entries

    def content(self, path):
        """What tells it from others, wherever it lies; None for what is not there."""
        if os.path.islink(path):
            return "link " + os.readlink(path)
        try:
            return self._digests.of_file(path)
        except FileNotFoundError:
            return None

    def is_whole(self, entries):
        return all(
            self.content(os.path.join(self._files, inside)) == content for inside, content, _ in entries
        )

    def bring_back(self, entries):
        for inside, _, changed_at in entries:
            if os.path.lexists(inside):
                continue
            os.makedirs(os.path.dirname(inside) or ".", exist_ok=True)
            put(os.path.join(self._files, inside), inside)
            if not os.path.islink(inside):
                # A protected one may have to be made anew.
                os.chmod(inside, os.stat(inside).st_mode | 0o200)
            os.utime(inside, ns=(changed_at, changed_at), follow_symlinks=False)

    def drop(self, entries):
        for inside, *_ in entries:
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(self._files, inside))


def walk(path):
    """The file itself, or all files below the directory."""
    if os.path.islink(path) or not os.path.isdir(path):
        yield path
        return
    for place, directories, names in os.walk(path):
        for name in names:
            yield os.path.join(place, name)
        for name in directories:
            if os.path.islink(os.path.join(place, name)):
                yield os.path.join(place, name)


def put(source, place):
    """A second name of the file; on another file system a copy with the same time."""
    if os.path.islink(source) and os.path.isabs(os.readlink(source)):
        raise NotKept(source)
    unfinished = place + ".part"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(unfinished)
    try:
        os.link(source, unfinished, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, unfinished, follow_symlinks=False)
    os.replace(unfinished, place)
