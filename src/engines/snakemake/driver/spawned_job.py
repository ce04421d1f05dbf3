"""Stands in for `python -m snakemake` where Snakemake executes a job in a process of its own.

    python3 spawned_job.py DIRECTORY-OF-PACKAGES SNAKEMAKE-ARGUMENT...

It ends at once on SIGTERM, and with the exit code of the job's command where that failed.
"""

import os
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
SHARED = os.path.realpath(os.path.join(HERE, "..", "..", "python", "shared"))
EXIT_AFTER_SIGTERM = 143


class FailedCommands:
    """Remembers how the commands of rules end."""

    def __init__(self):
        self._processes = []

    def __getattr__(self, name):
        return getattr(subprocess, name)

    def Popen(self, *arguments, **options):
        process = subprocess.Popen(*arguments, **options)
        self._processes.append(process)
        return process

    def exit_code(self):
        codes = [process.returncode for process in self._processes if process.returncode]
        return None if not codes else (128 - codes[0] if codes[0] < 0 else codes[0])


def main(place, arguments):
    sys.path[:] = [path for path in sys.path if os.path.realpath(path) != os.path.realpath(HERE)]
    sys.path.append(place)
    os.environ.pop("PYTHONPATH", None)
    import snakemake.shell  # noqa: F401

    sys.path[:0] = [HERE, SHARED]
    import snakemake_hooks

    del sys.path[:2]
    commands = FailedCommands()
    sys.modules["snakemake.shell"].sp = commands
    snakemake_hooks.scheduler_class().exit_gracefully = lambda *_: os._exit(EXIT_AFTER_SIGTERM)
    sys.argv = ["snakemake"] + arguments
    try:
        snakemake_hooks.command_line()(arguments)
    except SystemExit as end:
        if end.code == 0:
            return 0
        return commands.exit_code() or 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
