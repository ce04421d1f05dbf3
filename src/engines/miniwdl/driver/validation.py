"""Checks a document and inputs as miniwdl does before it runs them, and goes no further.

    python3 driver --validate --run-root DIR --events FILE --inputs FILE --elsewhere FILE --seconds NUMBER
        [--allow-root DIR]... [--task NAME] [--no-quant-check] WORKFLOW

The last of the events says what came of it, and which part of the request it is about. Nothing is fetched
from the web, and no expression is evaluated.
"""

import argparse
import json
import sys
import traceback

import wdl_inputs
from elsewhere import Elsewhere
from process_limits import end_after
from run_outcome import conclusion
from task_events import EventLog


def run(arguments, choose_target):
    """Gives 0 or 1."""
    options = parse_arguments(arguments)
    end_after(options.seconds)
    events = EventLog(options.events)
    elsewhere = Elsewhere(options.elsewhere)
    part = "workflow"
    try:
        target = load(options, elsewhere, choose_target)
        part = "inputs"
        check_inputs(target, options, elsewhere)
        status, message = "success", ""
    except Exception as error:
        status, message = elsewhere.amend(*conclusion(error))
        if status == "error":
            traceback.print_exc()
        else:
            print(message, file=sys.stderr)
    code = 0 if status == "success" else 1
    events.write("engine_ended", status=status, message=message, about=part, exit_code=code)
    return code


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(prog="driver")
    for name in ("run-root", "events", "inputs", "elsewhere"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--allow-root", action="append", default=[])
    parser.add_argument("--task")
    parser.add_argument("--no-quant-check", action="store_true")
    parser.add_argument("workflow")
    return parser.parse_args(arguments)


def load(options, elsewhere, choose_target):
    import WDL

    document = WDL.load(
        options.workflow,
        check_quant=not options.no_quant_check,
        read_source=wdl_inputs.confined_reader([options.run_root], elsewhere),
    )
    return choose_target(document, options.task)


def check_inputs(target, options, elsewhere):
    with open(options.inputs, encoding="utf-8") as stream:
        values = json.load(stream)
    wdl_inputs.read(target, values, [options.run_root] + options.allow_root, elsewhere)
