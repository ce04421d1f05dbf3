"""Runs one Snakemake workflow and reports, while it runs, what its jobs do.

    python3 driver --run-root DIR --events FILE --tasks DIR --outputs DIR --outputs-object FILE
        --output-prefix TEXT [--cache DIR] [--containers] -- SNAKEMAKE-ARGUMENT...

Snakemake's own command line is run within this process, in the present directory, with hooks at the places
where it executes a job (see `snakemake_hooks`). The exit code is 0 or 1.
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
