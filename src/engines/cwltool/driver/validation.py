"""Checks a document and an input object as cwltool does before it runs them, and goes no further.

    python3 driver --validate --run-root DIR --events FILE --inputs FILE --elsewhere FILE --seconds NUMBER
        [--allow-root DIR]... -- CWLTOOL-OPTION... WORKFLOW

The last of the events says what came of it, and which part of the request it is about. Nothing is fetched
from the web, and no expression is evaluated.
"""

import argparse
import copy
import io
import logging
import os
import sys
import traceback

from cwltool.executors import JobExecutor

from elsewhere import Elsewhere
from file_guard import FileGuard, guarded_fetcher, guarded_fs_access
from process_limits import end_after
from run_outcome import RunOutcome
from task_events import EventLog


def run(arguments, keep_schemas):
    """Gives 0 when nothing is wrong. `keep_schemas`: see warm_up.py."""
    options, cwltool_arguments = parse_arguments(arguments)
    end_after(options.seconds)
    sys.argv[0] = "cwltool"
    events = EventLog(options.events)
    outcome = RunOutcome()
    elsewhere = Elsewhere(options.elsewhere)
    part = Part()
    try:
        exit_code = check(options, cwltool_arguments, outcome, elsewhere, part, keep_schemas)
    except SystemExit as end:
        exit_code = end.code if isinstance(end.code, int) else 1
    except Exception as error:
        outcome.escaped(error)
        traceback.print_exc()
        exit_code = 1
    status, message = elsewhere.amend(*outcome.conclusion(exit_code))
    events.write("engine_ended", status=status, message=message, about=part.name, exit_code=exit_code)
    return exit_code


def parse_arguments(arguments):
    separator = arguments.index("--")
    parser = argparse.ArgumentParser(prog="driver")
    for name in ("run-root", "events", "inputs", "elsewhere"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--allow-root", action="append", default=[])
    return parser.parse_args(arguments[:separator]), arguments[separator + 1 :]


def check(options, cwltool_arguments, outcome, elsewhere, part, keep_schemas):
    from cwltool.argparser import arg_parser
    from cwltool.context import LoadingContext, RuntimeContext
    from cwltool.main import main as cwltool_main

    # Ontologies are mostly in the web. Lint has JavaScript in a process of its own, and only warns.
    own = ["--skip-schemas", "--disable-js-validation"]
    arguments = arg_parser().parse_args(own + cwltool_arguments + ["-"])
    guard = FileGuard([options.run_root] + options.allow_root)
    runtime_context = RuntimeContext(vars(arguments))
    runtime_context.make_fs_access = guarded_fs_access(guard)
    loading_context = LoadingContext(vars(arguments))
    loading_context.fetcher_constructor = closed_fetcher(guard, elsewhere, part)
    loading_context.construct_tool_object = part.of_processes(loading_context.construct_tool_object)

    logging.getLogger("cwltool").addHandler(outcome.log_handler)
    with open(options.inputs, encoding="utf-8") as inputs:
        return cwltool_main(
            args=arguments,
            stdin=inputs,
            stdout=io.StringIO(),
            executor=InputsCheck(outcome),
            loadingContext=loading_context,
            runtimeContext=runtime_context,
            custom_schema_callback=keep_schemas,
        )


class Part:
    """Which part of the request is being looked at: the document is read after the inputs were, and they are
    held against each other after that."""

    def __init__(self):
        self.name = "inputs"
        self._depth = 0

    def document_begins(self):
        self.name = "workflow"

    def of_processes(self, construct):
        """A function in the place of cwltool's, which makes processes of the document; those of a workflow's
        steps are made while it is."""
        from cwltool.workflow import default_make_tool

        make = construct or default_make_tool

        def make_process(toolpath_object, loading_context):
            self._depth += 1
            process = make(toolpath_object, loading_context)
            self._depth -= 1
            if self._depth == 0:
                self.name = "inputs"
            return process

        return make_process


def closed_fetcher(guard, elsewhere, part):
    """As `guarded_fetcher`, without the web: what is there is taken to be right."""
    from schema_salad.exceptions import ValidationException

    class ClosedFetcher(guarded_fetcher(guard)):
        def fetch_text(self, url, content_types=None):
            if url not in self.cache:
                part.document_begins()
                if elsewhere.holds(url):
                    raise ValidationException(elsewhere.miss(url))
            return super().fetch_text(url, content_types)

        def check_exists(self, url):
            return elsewhere.holds(url) or super().check_exists(url)

    return ClosedFetcher


class InputsCheck(JobExecutor):
    """Stands where cwltool expects who runs the workflow."""

    def __init__(self, outcome):
        super().__init__()
        self._outcome = outcome

    def execute(self, process, job_order_object, runtime_context, *_arguments, **_keywords):
        check_inputs(process, job_order_object, runtime_context)
        self._outcome.execution_ended("success")
        return {}, "success"

    def run_jobs(self, *_arguments, **_keywords):
        raise NotImplementedError


def check_inputs(process, job_order_object, runtime_context):
    """What a process does first with its inputs when it runs; what follows there evaluates expressions."""
    from cwltool.errors import WorkflowException
    from cwltool.process import INPUT_OBJ_VOCAB, fill_in_defaults
    from cwltool.utils import normalizeFilesDirs
    from schema_salad.exceptions import ValidationException
    from schema_salad.validate import validate_ex

    job = copy.deepcopy(job_order_object)
    try:
        fill_in_defaults(process.tool["inputs"], job, runtime_context.make_fs_access(runtime_context.basedir))
        normalizeFilesDirs(job)
        schema = process.names.get_name("input_record_schema", None)
        validate_ex(schema, job, strict=False, logger=logging.getLogger("salad"), vocab=INPUT_OBJ_VOCAB)
    except (ValidationException, WorkflowException) as error:
        raise WorkflowException("Invalid job input record:\n%s" % error) from error
