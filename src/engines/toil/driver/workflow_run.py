"""One run of Toil, with events about its tasks."""

import argparse
import functools
import io
import json
import os
import sys
import traceback

import containers
import preload
import run_outputs
import toil_patches
from file_guard import FileGuard
from machine import memory_mebibytes
from process_tree import adopt_orphans, end_all_on_sigterm
from run_outcome import RunOutcome
from task_events import EventLog
from worker_forge import WorkerForge

BYTES_PER_MEBIBYTE = 2**20


def run(arguments, is_warm=False):
    """Gives 0 or 1. Warm: the schemas of CWL are loaded."""
    options, toil_arguments = parse_arguments(arguments)
    adopt_orphans()
    end_all = functools.partial(containers.end_all, options.containers, options.container_label)
    end_all_on_sigterm(end_all)
    os.makedirs(options.state)
    events = EventLog(options.events)
    outcome = RunOutcome(os.path.join(options.state, "failures"), events)
    forge = None
    try:
        forge = prepare(options, events, outcome, end_all)
        outcome.hear_leader()
        runners = {"CWL": run_cwl, "WDL": run_wdl}
        exit_code = runners[options.language](options, toil_arguments, is_warm)
    except SystemExit as end:
        exit_code = end.code if isinstance(end.code, int) else 1
        outcome.leader_failed(end)
    except Exception as error:
        outcome.leader_failed(error)
        traceback.print_exc()
        exit_code = 1
    if forge is not None:
        forge.close()
    status, message = outcome.conclusion(exit_code)
    outcome.end_open_tasks(options.events)
    code = 0 if status == "success" else 1
    events.write("engine_ended", status=status, message=message, exit_code=code)
    return code


def parse_arguments(arguments):
    separator = arguments.index("--")
    parser = argparse.ArgumentParser(prog="driver")
    parser.add_argument("--language", choices=("CWL", "WDL"), required=True)
    for name in (
        "run-root",
        "state",
        "events",
        "tasks",
        "outputs",
        "outputs-object",
        "output-prefix",
        "inputs",
    ):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--allow-root", action="append", default=[])
    containers.add_arguments(parser)
    return parser.parse_args(arguments[:separator]), arguments[separator + 1 :]


def prepare(options, events, outcome, end_all):
    """Before Toil begins, so that its workers have it all too; gives what they are forked by."""
    guard = FileGuard([options.run_root] + options.allow_root)
    preload.load(options.language)
    toil_patches.apply(guard, end_all)
    if options.language == "CWL":
        import cwl_tasks

        cwl_tasks.apply(options, events, guard)
    else:
        import wdl_tasks

        wdl_tasks.apply(options, events)
    import forking_batch_system
    import toil.worker

    def work(arguments):
        outcome.hear_worker()
        try:
            return toil.worker.main(arguments)
        except Exception as error:  # not the job's, for which Toil has an exit code
            outcome.worker_failed(error)
            raise

    forge = WorkerForge(work)
    memory = memory_mebibytes() * BYTES_PER_MEBIBYTE
    forking_batch_system.register(forge, options.cores, memory, outcome.worker_died)
    return forge


def common_options(options):
    import forking_batch_system

    place = {name: os.path.join(options.state, name) for name in ("jobs", "work", "locks")}
    os.makedirs(place["work"])
    os.makedirs(place["locks"])
    return [
        *("--jobStore", "file:" + place["jobs"]),
        *("--workDir", place["work"]),
        *("--coordinationDir", place["locks"]),
        *("--batchSystem", forking_batch_system.NAME),
        *("--clean", "never"),
        *("--caching", "false"),
        *("--defaultMemory", "256Mi"),
        *("--defaultDisk", "1Mi"),
        *("--maxLogFileSize", "64Ki"),
        "--disableProgress",
    ]


def run_cwl(options, toil_arguments, is_warm):
    import cwltool.main
    from toil.cwl import cwltoil

    if is_warm:
        cwltool.main.setup_schema = lambda *_arguments, **_keywords: None
    printed = io.StringIO()
    # Images are pulled for tasks, which tell of it.
    arguments = [*common_options(options), "--no-prepull", "--outdir", options.outputs, *toil_arguments]
    # "-": the input object comes on standard input and its relative addresses begin at the working
    # directory, where the attachments are, and not where the file happens to lie.
    with open(options.inputs, encoding="utf-8") as sys.stdin:
        exit_code = cwltoil.main([*arguments, "-"], stdout=printed)
    sys.stdin = sys.__stdin__
    if exit_code == 0:
        run_outputs.write_cwl(options, json.loads(printed.getvalue()))
    return exit_code


def run_wdl(options, toil_arguments, _is_warm):
    from toil.wdl import wdltoil

    made = os.path.join(options.state, "outputs")
    result = os.path.join(options.state, "outputs.json")
    with open(options.inputs, encoding="utf-8") as stream:
        inputs = stream.read()
    places = ["--outputDirectory", made, "--outputFile", result]
    # An inline object: the places of its files are then relative to the working directory.
    sys.argv = ["toil-wdl-runner", *common_options(options), *places, *toil_arguments, inputs]
    wdltoil.main()
    with open(result, encoding="utf-8") as stream:
        run_outputs.write_wdl(options, json.load(stream), made)
    return 0
