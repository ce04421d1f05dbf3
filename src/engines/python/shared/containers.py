"""Containers of Docker and Podman that belong to a run, known by a label that all of them carry."""

import os
import stat
import subprocess
import time

LABELLED = ("docker", "podman")  # those of other runtimes are processes of the run
ANSWER_SECONDS = 20
CHECK_SECONDS = 0.05
END_SECONDS = 5
MARKERS = ("WES_RUN_ID", "WES_RUN_ATTEMPT")

PROGRAM = """#!/bin/sh
# {name}, with a label on what it runs.
if [ "$1" = run ]; then
  shift
  exec {name} run --label {label} "$@"
fi
exec {name} "$@"
"""


def add_arguments(parser):
    parser.add_argument("--containers", choices=["docker", "podman", "singularity", "apptainer"])
    parser.add_argument("--container-label")


def markers():
    """What tells whose process it is, for the environment of a task."""
    return {name: os.environ[name] for name in MARKERS if name in os.environ}


def labelling_program(runtime, label, directory):
    """The path of a program that is the runtime, but that what it runs carries the label."""
    path = os.path.join(directory, runtime)
    os.makedirs(directory, exist_ok=True)
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(PROGRAM.format(name=runtime, label=_quoted(label)))
    os.chmod(path, stat.S_IRWXU)
    return path


def _quoted(word):
    return "'%s'" % word.replace("'", "'\\''")


def end_all(runtime, label):
    """Ends the containers with the label, for whoever is about to end: it raises nothing and takes not long.

    What it can't reach is left to the executor, which looks once more.
    """
    if runtime not in LABELLED:
        return
    deadline = time.monotonic() + END_SECONDS
    try:
        while time.monotonic() < deadline:
            found = _list(runtime, label)
            if not found:
                return
            remove(runtime, found)
            time.sleep(CHECK_SECONDS)
    except (OSError, subprocess.SubprocessError):
        pass


def remove(runtime, containers):
    """Kills and removes; one that is just being removed is no error."""
    force = ["rm", "--force"] + (["--time", "0"] if runtime == "podman" else [])
    _run([runtime] + force + list(containers))


def _list(runtime, label):
    words = ["ps", "--all", "--quiet", "--no-trunc", "--filter", "label=" + label]
    return _run([runtime] + words).stdout.split()


def _run(command):
    # In a session of its own: signals to the group of the run are not meant for it.
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        timeout=ANSWER_SECONDS,
        start_new_session=True,
        check=False,
    )
