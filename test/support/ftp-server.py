"""A real FTP server with files and faults, on loopback. Its options are JSON in the first argument; it
prints its port, and ends with its stdin."""

import json
import os
import sys
import threading

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.filesystems import AbstractedFS
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

options = json.loads(sys.argv[1])
breaks = {"left": options.get("breaks", 0)}


class BreakingFile:
    """Can't be read beyond a point, the first times."""

    def __init__(self, file):
        self._file = file
        self.name = file.name
        self.closed = False

    def read(self, size):
        after = options["breakAfter"]
        if breaks["left"] > 0 and self._file.tell() + size > after:
            rest = after - self._file.tell()
            if rest > 0:
                return self._file.read(rest)
            breaks["left"] -= 1
            raise OSError("planted")
        return self._file.read(size)

    def seek(self, *args):
        return self._file.seek(*args)

    def close(self):
        self.closed = True
        self._file.close()


class Files(AbstractedFS):
    def open(self, filename, mode):
        file = super().open(filename, mode)
        return BreakingFile(file) if "breakAfter" in options and "r" in mode else file


class Handler(FTPHandler):
    # What an extended command may not: so that data connections are told by address.
    proto_cmds = {
        name: about
        for name, about in FTPHandler.proto_cmds.items()
        if name not in options.get("without", [])
    }
    use_sendfile = False
    abstracted_fs = Files
    authorizer = DummyAuthorizer()
    log_prefix = ""

    def on_connect(self):
        print("connected", flush=True)

    def pre_process_command(self, line, cmd, arg):
        print(f"command {cmd} {arg}", flush=True)
        super().pre_process_command(line, cmd, arg)


if options.get("anonymous", True):
    Handler.authorizer.add_anonymous(options["directory"])
if "user" in options:
    Handler.authorizer.add_user(options["user"], options["password"], options["directory"], perm="elr")
if "dataHost" in options:
    Handler.masquerade_address = options["dataHost"]

server = FTPServer(("127.0.0.1", 0), Handler)
print(f"port {server.address[1]}", flush=True)


def end_with_stdin():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_stdin, daemon=True).start()
server.serve_forever()
