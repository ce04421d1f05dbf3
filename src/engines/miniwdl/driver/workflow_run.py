"""One run of miniwdl, with events about its tasks."""

import argparse
import json
import logging
import os
import sys
import traceback

import container_backend
import containers
import host_backend
import result_cache
import run_outputs
import validation
import wdl_inputs
from process_tree import adopt_orphans, end_all_on_sigterm
from run_outcome import conclusion
from task_events import EventLog


# By the names of the entry points beside this file.
BACKENDS = {
    None: "host",
    "docker": "labelled",
    "podman": "labelled",
    "singularity": "process",
    "apptainer": "process",
}


def run(arguments):
    """Gives 0 or 1."""
    if arguments[:1] == ["--validate"]:
        return validation.run(arguments[1:], choose_target)
    options = parse_arguments(arguments)
    adopt_orphans()
    end_all_on_sigterm(lambda: containers.end_all(options.containers, options.container_label))
    events = EventLog(options.events)
    try:
        outputs = run_workflow(options, events)
        run_outputs.write(options, outputs)
        status, message = "success", ""
    except Exception as error:
        status, message = conclusion(error)
        if status == "error":
            traceback.print_exc()
        else:
            print(message, file=sys.stderr)
    code = 0 if status == "success" else 1
    events.write("engine_ended", status=status, message=message, exit_code=code)
    return code


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(prog="driver")
    for name in (
        "run-root",
        "run-directory",
        "events",
        "outputs",
        "outputs-object",
        "output-prefix",
        "inputs",
    ):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--allow-root", action="append", default=[])
    parser.add_argument("--task")
    parser.add_argument("--copy-input-files", action="store_true")
    parser.add_argument("--continue-on-error", action="store_true")
    parser.add_argument("--no-quant-check", action="store_true")
    containers.add_arguments(parser)
    parser.add_argument("--cache")
    parser.add_argument("workflow")
    return parser.parse_args(arguments)


def run_workflow(options, events):
    """Gives the target's name and its outputs as miniwdl has them."""
    import WDL
    from WDL._util import TerminationSignalFlag

    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(message)s"
    )
    logger = logging.getLogger("wes")
    roots = [options.run_root] + options.allow_root
    document = WDL.load(
        options.workflow,
        check_quant=not options.no_quant_check,
        read_source=wdl_inputs.confined_reader(roots),
    )
    target = choose_target(document, options.task)
    with open(options.inputs, encoding="utf-8") as stream:
        inputs = wdl_inputs.read(target, json.load(stream), roots)
    host_backend.prepare(events, options.run_directory, options.cores)
    container_backend.prepare(options.container_label)
    has_cache = options.cache is not None and result_cache.prepare(
        options.cache, document, options.run_root, roots
    )
    with TerminationSignalFlag(logger):
        # miniwdl's handlers wait for the tasks, which are to end at once; for those of its signals by
        # which it stops the rest after a failure its own are right.
        end_all_on_sigterm(lambda: containers.end_all(options.containers, options.container_label))
        _, outputs = WDL.runtime.run(
            configuration(options, logger, has_cache),
            target,
            inputs,
            run_dir=os.path.join(options.run_directory, "."),
        )
    return target.name, outputs


def configuration(options, logger, has_cache=False):
    from WDL.runtime.config import Loader

    loader = Loader(logger, filenames=[])
    loader.override(
        {
            "scheduler": {
                "container_backend": BACKENDS[options.containers],
                "task_concurrency": max(1, options.cores),
                "fail_fast": not options.continue_on_error,
            },
            "file_io": {
                "copy_input_files": options.copy_input_files,
                "output_hardlinks": True,
                "chown": False,
            },
            "task_runtime": {"defaults": {}, "as_user": options.containers == "docker"},
            "call_cache": {"backend": "kept" if has_cache else "dir"},
            "podman": {"exe": [options.containers or "podman"]},
            "singularity": {
                "exe": [options.containers or "singularity"],
                "image_cache": os.path.join(options.run_root, "tmp", "images"),
            },
            # miniwdl's other container backends take long to load.
            "plugins": {
                "enable_patterns": [
                    *("host_backend:*", "container_backend:*"),
                    *("web_download:*", "result_cache:*", "WDL.runtime.cache:*"),
                ]
            },
        }
    )
    return loader


def choose_target(document, name):
    from WDL.Error import InputError

    tasks = {task.name: task for task in document.tasks}
    if name:
        if name not in tasks:
            known = ", ".join(sorted(tasks)) or "none"
            raise InputError("there is no task '%s' in the document; it has: %s" % (name, known))
        return tasks[name]
    if document.workflow:
        return document.workflow
    if len(tasks) == 1:
        return document.tasks[0]
    raise InputError(
        "the document has no workflow but %d tasks; choose one with the engine parameter 'task': %s"
        % (len(tasks), ", ".join(sorted(tasks)))
    )


