"""Runs one WDL workflow or task with miniwdl and reports, while it runs, what its tasks do.

    python3 driver --run-root DIR --run-directory DIR --events FILE --outputs DIR --outputs-object FILE
        --output-prefix TEXT --inputs FILE [--cores N] [--allow-root DIR]... [--task NAME]
        [--copy-input-files] [--continue-on-error] [--no-quant-check] [--cache DIR] WORKFLOW

With `--validate` first it only checks them; see `validation.py`.

Tasks are processes of this machine: `host_backend` is a container backend of miniwdl without containers,
announced to it, like its cache, by the entry points beside this file. The exit code is 0 or 1.
"""

import contextlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.realpath(os.path.join(HERE, "..", "..", "python", "shared")))

import workflow_run

if __name__ == "__main__":
    code = workflow_run.run(sys.argv[1:])
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    # Straight out: what a tool left running must not keep the interpreter waiting for its threads.
    os._exit(code)
