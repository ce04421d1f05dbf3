"""Loads all that runs need, for a fork server."""

import importlib

import snakemake_hooks
from workflow_run import run

__all__ = ["run", "warm_up"]

# Loaded late by Snakemake itself; each version has some of them.
LATE_MODULES = (
    "snakemake.executors.local",
    "snakemake.executors.common",
    "snakemake.scheduling.greedy",
    "snakemake.parser",
    "snakemake.script",
    "snakemake.benchmark",
    "jsonschema",
    "yaml",
    "throttler",
)


def warm_up():
    for name in LATE_MODULES:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    snakemake_hooks.command_line()
    snakemake_hooks.executor_class()
    snakemake_hooks.scheduler_class()
    snakemake_hooks.persistence_class()
