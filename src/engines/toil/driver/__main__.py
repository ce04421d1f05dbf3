"""Runs one CWL or WDL workflow with Toil and reports, while it runs, what its tasks do.

    python3 driver --language CWL|WDL --run-root DIR --state DIR --events FILE --tasks DIR --outputs DIR
        --outputs-object FILE --output-prefix TEXT --inputs FILE [--cores N] [--allow-root DIR]...
        [--containers RUNTIME --container-label LABEL] -- TOIL-OPTION... WORKFLOW

Toil runs in this process; its jobs run in copies that a process forked before Toil began makes of itself
(see worker_forge.py). `--state` is a directory for all that Toil keeps. The exit code is 0 or 1.
"""

import contextlib
import os
import sys

SHARED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "python", "shared")
sys.path.insert(1, os.path.realpath(SHARED))

import workflow_run

if __name__ == "__main__":
    code = workflow_run.run(sys.argv[1:])
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    # Straight out: what a tool left running must not keep the interpreter waiting for its threads.
    os._exit(code)
