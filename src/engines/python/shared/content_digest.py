"""Digests of what files and directories hold, wherever they lie and whenever they were written."""

import hashlib
import json
import os
import stat

BLOCK_BYTES = 1024 * 1024


class ContentDigests:
    """A file is read once, as long as its size and its time of change stay as they are."""

    def __init__(self):
        self._known = {}

    def of_file(self, path):
        """SHA-256 of its bytes, and whether it may be executed. Raises OSError for all but regular files."""
        # Without waiting for a pipe that nobody writes to.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with open(descriptor, "rb") as stream:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise OSError("%s is not a regular file" % path)
            same = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
            digest = self._known.get(same)
            if digest is None:
                digest = self._known[same] = _read(stream)
        return digest + ("+x" if found.st_mode & stat.S_IXUSR else "")

    def of_directory(self, path):
        """Of the names and contents of all below it. Raises OSError where there is more than files."""
        return hashlib.sha256(json.dumps(self._entries(path)).encode()).hexdigest()

    def _entries(self, path):
        entries = []
        for name in sorted(os.listdir(path)):
            inside = os.path.join(path, name)
            if not os.path.isdir(inside):
                entries.append([name, self.of_file(inside)])
            elif os.path.islink(inside):
                raise OSError("%s is a link to a directory" % inside)
            else:
                entries.append([name, self._entries(inside)])
        return entries


def _read(stream):
    digest = hashlib.sha256()
    while block := stream.read(BLOCK_BYTES):
        digest.update(block)
    return digest.hexdigest()
