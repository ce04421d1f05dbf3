"""Runs one CWL workflow with cwltool and reports, while it runs, what its tasks do.

    python3 driver --run-root DIR --events FILE --tasks DIR --outputs-object FILE --inputs FILE
        [--cores N] [--allow-root DIR]... [--serial] [--cache DIR]
        -- CWLTOOL-OPTION... WORKFLOW

With `--validate` first it only checks them; see `validation.py`.

Only cwltool's documented extension points are used (an executor, contexts, a fetcher), so that the same
code works with every build of it, compiled ones included. The exit code is cwltool's own.
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
