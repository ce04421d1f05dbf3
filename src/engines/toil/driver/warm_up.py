"""Loads all that runs need, for a fork server: both languages, and the schemas of CWL."""

import preload
import workflow_run


def warm_up():
    import cwl_tasks  # noqa: F401
    import forking_batch_system  # noqa: F401
    import wdl_tasks  # noqa: F401

    preload.load("CWL")
    preload.load("WDL")
    preload.load_schemas()


def run(arguments):
    return workflow_run.run(arguments, is_warm=True)
