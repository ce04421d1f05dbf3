"""One run of cwltool, with events about its tasks."""

import argparse
import io
import logging
import os
import sys
import traceback

import containers
import validation
from file_guard import FileGuard, guarded_fetcher, guarded_fs_access
from container_hooks import ContainerHooks
from output_places import separating_path_mapper
from process_tree import adopt_orphans, end_all_on_sigterm
from run_outcome import RunOutcome
from task_events import EventLog
from task_executor import TaskExecutor
from task_results import TaskResults


def run(arguments, schemas_are_loaded=False):
    """Gives cwltool's exit code. With loaded schemas (see warm_up.py) they are not loaded anew."""
    if arguments[:1] == ["--validate"]:
        return validation.run(arguments[1:], keep_schemas if schemas_are_loaded else None)
    options, cwltool_arguments = parse_arguments(arguments)
    sys.argv[0] = "cwltool"  # what it calls itself in its log and to web servers
    adopt_orphans()
    end_all_on_sigterm(lambda: containers.end_all(options.containers, options.container_label))
    events = EventLog(options.events)
    outcome = RunOutcome()
    try:
        exit_code = run_workflow(
            options, cwltool_arguments, events, outcome, schemas_are_loaded
        )
    except SystemExit as end:  # its way to refuse inputs that are no object
        exit_code = end.code if isinstance(end.code, int) else 1
    except Exception as error:  # cwltool lets some through, as a workflow that is not there
        outcome.escaped(error)
        traceback.print_exc()
        exit_code = 1
    status, message = outcome.conclusion(exit_code)
    events.write("engine_ended", status=status, message=message, exit_code=exit_code)
    return exit_code


def parse_arguments(arguments):
    separator = arguments.index("--")
    parser = argparse.ArgumentParser(prog="driver")
    for name in ("run-root", "events", "tasks", "outputs-object", "inputs"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--cores", type=float, default=1)
    parser.add_argument("--allow-root", action="append", default=[])
    parser.add_argument("--serial", action="store_true")
    containers.add_arguments(parser)
    parser.add_argument("--cache")
    return parser.parse_args(arguments[:separator]), arguments[separator + 1 :]


def run_workflow(options, cwltool_arguments, events, outcome, schemas_are_loaded):
    from cwltool.argparser import arg_parser
    from cwltool.context import LoadingContext, RuntimeContext
    from cwltool.main import main as cwltool_main

    # "-": the input object comes on standard input and its relative addresses begin at the working
    # directory, where the attachments are, and not where the file happens to lie.
    arguments = arg_parser().parse_args(cwltool_arguments + ["-"])
    guard = FileGuard([options.run_root] + options.allow_root)
    hooks = ContainerHooks(options)
    hooks.adapt(arguments)
    results = results_of_earlier_runs(options, guard)
    executor = TaskExecutor(events, outcome, guard, hooks, options, results)

    runtime_context = RuntimeContext(vars(arguments))
    runtime_context.select_resources = executor.select_resources
    runtime_context.make_fs_access = guarded_fs_access(guard)
    runtime_context.path_mapper = separating_path_mapper(os.path.abspath(arguments.outdir))
    loading_context = LoadingContext(vars(arguments))
    loading_context.fetcher_constructor = guarded_fetcher(guard)

    logging.getLogger("cwltool").addHandler(outcome.log_handler)
    printed = io.StringIO()
    with open(options.inputs, encoding="utf-8") as inputs:
        exit_code = cwltool_main(
            args=arguments,
            stdin=inputs,
            stdout=printed,
            executor=executor,
            loadingContext=loading_context,
            runtimeContext=runtime_context,
            custom_schema_callback=keep_schemas if schemas_are_loaded else None,
        )
    sys.stdout.write(printed.getvalue())
    sys.stdout.flush()
    if exit_code == 0:
        write_whole(options.outputs_object, printed.getvalue())
    return exit_code


def results_of_earlier_runs(options, guard):
    """None when there is no cache, or when it can't be used, which is no reason to fail."""
    if options.cache is None:
        return None
    try:
        return TaskResults(options.cache, options.run_root, guard)
    except OSError as error:
        print("The cache can't be used: %s" % error, file=sys.stderr)
        return None


def write_whole(path, text):
    """The file appears complete or not at all."""
    unfinished = path + ".part"
    with open(unfinished, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(unfinished, path)


def keep_schemas():
    """Called by cwltool in place of the function that forgets the schemas and reads them again."""
