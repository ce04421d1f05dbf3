"""Loads all that runs need, for a fork server: the modules, and the grammars of WDL's versions."""

import logging

import workflow_run
from workflow_run import run

DOCUMENT = """version %s
task greet {
  input { String name = "you" }
  command <<< echo "hello ~{name}" >>>
  output { String said = read_string(stdout()) }
}
workflow hello { call greet output { String said = greet.said } }
"""
VERSIONS = ("1.0", "1.1", "1.2")

__all__ = ["run", "warm_up"]


def warm_up():
    # Loaded late by miniwdl itself.
    import docker.errors  # noqa: F401
    import importlib_metadata
    import WDL
    import WDL.runtime.task_container  # noqa: F401

    import run_outcome  # noqa: F401

    for version in VERSIONS:
        WDL.parse_document(DOCUMENT % version).typecheck()
    importlib_metadata.version("miniwdl")
    options = workflow_run.parse_arguments(_no_options())
    workflow_run.configuration(options, logging.getLogger("warm-up"))


def _no_options():
    names = ("run-root", "run-directory", "events", "outputs", "outputs-object", "output-prefix", "inputs")
    return [word for name in names for word in ("--" + name, "")] + ["workflow"]
