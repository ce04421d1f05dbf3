"""One run of Snakemake, with events about its jobs."""

import argparse
import os
import sys
import traceback

import snakemake_hooks
import target_files
from job_tasks import JobTasks
from process_tree import adopt_orphans, end_all_on_sigterm
from result_cache import NoCache, ResultCache
from run_outcome import RunOutcome
from task_events import EventLog

# For this process; what it starts gets the environment of a task.
OWN_SETTINGS = (
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONNOUSERSITE",
    "PYTHONPATH",
    "PYTHONUNBUFFERED",
    "PYTHONUTF8",
)

# Rules that are included are not the first, which is the default.
REMOTE_SNAKEFILE = """include: %r
if workflow.default_target is None:
    workflow.default_target = next((rule.name for rule in workflow.rules), None)
"""


def run(arguments):
    """Gives 0 or 1."""
    options, snakemake_arguments = parse_arguments(arguments)
    adopt_orphans()
    end_all_on_sigterm()
    events = EventLog(options.events)
    outcome = RunOutcome()
    tasks = JobTasks(events, options.tasks, options.containers)
    try:
        succeeded = run_workflow(options, snakemake_arguments, tasks, outcome)
    except target_files.TargetRefused as error:
        outcome.error_logged(error)
        print(error, file=sys.stderr)
        succeeded = False
    except BaseException as error:
        outcome.escaped(error)
        traceback.print_exc()
        succeeded = False
    tasks.end_all()
    status, message = outcome.conclusion(succeeded, tasks)
    code = 0 if status == "success" else 1
    events.write("engine_ended", status=status, message=message, exit_code=code)
    return code


def parse_arguments(arguments):
    separator = arguments.index("--")
    parser = argparse.ArgumentParser(prog="driver")
    for name in ("run-root", "events", "tasks", "outputs", "outputs-object", "output-prefix"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--cache")
    parser.add_argument("--containers", action="store_true")
    return parser.parse_args(arguments[:separator]), arguments[separator + 1 :]


def run_workflow(options, arguments, tasks, outcome):
    cache = NoCache()
    if options.cache is not None:
        cache = ResultCache(options.cache, options.run_root, options.containers)
        cache.restore()
        snakemake_hooks.add_reason_to_run(cache.is_outdated)
    snakemake_hooks.end_on_sigterm()
    snakemake_hooks.watch_errors(outcome)
    snakemake_hooks.watch_jobs(tasks, cache.keep)
    watched = snakemake_hooks.watch_workflow(lambda dag: tasks.tell_cached(unneeded_jobs(dag)))
    leave_paths_and_environment()
    if not snakemake_hooks.opens_addresses():
        arguments = with_local_snakefile(arguments, options.run_root)
    succeeded = run_snakemake(arguments, outcome)
    if watched.dag is not None:
        # Checkpoints may have added some.
        tasks.tell_cached(unneeded_jobs(watched.dag))
    if succeeded:
        cache.forget_missing()
        target_files.write(options, watched.dag)
    return succeeded


def with_local_snakefile(arguments, directory):
    """A Snakefile at an http(s) address can be included by one of this machine."""
    place = arguments.index("--snakefile") + 1
    address = arguments[place]
    if not address.startswith(("http://", "https://")):
        return arguments
    local = os.path.join(directory, "Snakefile")
    with open(local, "w", encoding="utf-8") as stream:
        stream.write(REMOTE_SNAKEFILE % address)
    return arguments[:place] + [local] + arguments[place + 1 :]


def unneeded_jobs(dag):
    return [job for level in dag.toposorted() for job in level if not dag.needrun(job)]


def leave_paths_and_environment():
    """A Snakefile is Python: it must neither find this driver's modules nor its settings."""
    here = os.path.dirname(os.path.realpath(__file__))
    own = (here, os.path.realpath(os.path.join(here, "..", "..", "python", "shared")))
    sys.path[:] = [path for path in sys.path if os.path.realpath(path or ".") not in own]
    for name in OWN_SETTINGS:
        os.environ.pop(name, None)


def run_snakemake(arguments, outcome):
    # A profile among the workflow's files could choose another executor.
    if snakemake_hooks.knows_option("--workflow-profile"):
        arguments = ["--workflow-profile", "none"] + arguments
    sys.argv = ["snakemake"] + arguments
    try:
        snakemake_hooks.command_line()(arguments)
    except SystemExit as end:
        if isinstance(end.code, str):  # of the Snakefile itself
            outcome.error_logged(end.code)
        return end.code in (None, 0)
    return True
