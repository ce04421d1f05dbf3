"""Results of tasks that outlive the run: files and a record of them, under a key that tells all they depend on.

An entry is a directory that appears complete, by one rename, or not at all. Its files are hard links, so
that they cost nothing where runs and cache share a file system; whoever changes one in place spoils the
entry, which is noticed because what is taken is compared with its digest.
"""

import contextlib
import errno
import json
import os
import shutil
import stat
import tempfile

# Another file system, one that knows no such links, too many of them, somebody else's file.
NO_LINK = (errno.EXDEV, errno.EOPNOTSUPP, errno.EMLINK, errno.EPERM, errno.EACCES)


class NotKept(Exception):
    """The result can't be kept; the task's end does not depend on that."""


class KeptResults:
    def __init__(self, directory, digests, allows):
        """`allows` tells whether the file that a path leads to may be kept."""
        self._directory = directory
        self._digests = digests
        self._allows = allows
        os.makedirs(directory, mode=0o700, exist_ok=True)

    def take(self, key, place):
        """The record under `key`, its files then below `place`, which is made; None when there is none."""
        entry = os.path.join(self._directory, key)
        try:
            with open(os.path.join(entry, "result.json"), encoding="utf-8") as stream:
                result = json.load(stream)
            self._link_tree(os.path.join(entry, "files"), place)
            if self._digests.of_directory(place) == result["digest"]:
                return result["record"]
        except OSError:  # mostly: there is no such entry, or it was just removed
            shutil.rmtree(place, ignore_errors=True)
            return None
        except (NotKept, ValueError, KeyError, TypeError):
            pass
        shutil.rmtree(place, ignore_errors=True)
        self._discard(entry)
        return None

    def keep(self, key, record, files):
        """`files`: name of the entry's file or directory -> where it lies. Raises NotKept."""
        entry = os.path.join(self._directory, key)
        if os.path.exists(entry):
            return
        try:
            unfinished = tempfile.mkdtemp(prefix=".unfinished-", dir=self._directory)
            try:
                self._write(unfinished, record, files)
                os.rename(unfinished, entry)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):  # else another was faster
                raise NotKept(str(error)) from error

    def _write(self, entry, record, files):
        kept = os.path.join(entry, "files")
        os.mkdir(kept)
        for name, source in files.items():
            target = os.path.join(kept, name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if os.path.isdir(source):
                self._link_tree(source, target)
            else:
                self._link_file(source, target)
        result = {"record": record, "digest": self._digests.of_directory(kept)}
        with open(os.path.join(entry, "result.json"), "w", encoding="utf-8") as stream:
            json.dump(result, stream)

    def _link_tree(self, source, target):
        os.mkdir(target)
        for name in os.listdir(source):
            inside, place = os.path.join(source, name), os.path.join(target, name)
            if not os.path.isdir(inside):
                self._link_file(inside, place)
            elif os.path.islink(inside):
                raise NotKept("%s is a link to a directory" % inside)
            else:
                self._link_tree(inside, place)

    def _link_file(self, source, target):
        real = os.path.realpath(source)
        if os.path.islink(source) and not self._allows(real):
            raise NotKept("%s is a link that leads elsewhere" % source)
        if not stat.S_ISREG(os.stat(real).st_mode):
            raise NotKept("%s is not a regular file" % source)
        try:
            os.link(real, target)
        except OSError as error:
            if error.errno not in NO_LINK:
                raise
            shutil.copy2(real, target)

    def _discard(self, entry):
        """Out of the way first, so that nobody finds half of it."""
        with contextlib.suppress(OSError):
            spoilt = tempfile.mkdtemp(prefix=".unfinished-", dir=self._directory)
            os.rename(entry, os.path.join(spoilt, "entry"))
            shutil.rmtree(spoilt, ignore_errors=True)
