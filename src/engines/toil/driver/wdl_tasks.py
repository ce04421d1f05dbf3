"""WDL in Toil: its tasks, run by backends of miniwdl in Toil's workers, are told."""

import json
import os
import signal

import container_backend
import host_backend
from task_places import new_task
from wdl_inputs import locate_files


def apply(options, events):
    from toil.wdl import wdltoil

    host_backend.prepare(events, options.tasks, options.cores)
    container_backend.prepare(options.container_label)
    _Places.tasks = options.tasks
    os.environ.update(_settings(options))
    wdltoil.SwarmContainer = _in_place_of_docker(BACKENDS[options.containers])
    _name_tasks(wdltoil)
    _check_inputs(wdltoil, [options.run_root] + options.allow_root)


def _settings(options):
    """miniwdl reads them in each worker."""
    program = json.dumps([options.containers or "docker"])
    return {
        "MINIWDL__PODMAN__EXE": program,
        "MINIWDL__SINGULARITY__EXE": program,
        "MINIWDL__SINGULARITY__IMAGE_CACHE": os.path.join(options.run_root, "tmp", "images"),
        "MINIWDL__TASK_RUNTIME__AS_USER": str(options.containers == "docker").lower(),
        "MINIWDL__TASK_RUNTIME__DEFAULTS": "{}",
        # Of its plugins, which take long to load, this one alone is needed.
        "MINIWDL__PLUGINS__ENABLE_PATTERNS": '["WDL.runtime.cache:*"]',
    }


class _Places:
    tasks = ""
    # Of the task that this worker runs: its name within the workflow.
    task_path = ""


def _in_place_of_docker(backend):
    """Not a base of the backend, which Toil would treat as miniwdl's Docker."""

    class Maker:
        def __new__(cls, cfg, run_id, host_dir):
            return backend(cfg, run_id, host_dir)

        global_init = backend.global_init
        detect_resource_limits = backend.detect_resource_limits

    return Maker


class _ToldTask:
    def _run(self, logger, terminating, command):
        # miniwdl's handler waits for the task; it gets the signal itself.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        return super()._run(logger, terminating, command)

    def _new_id(self):
        task_id, self._directory = new_task(_Places.tasks)
        return task_id

    def _logs(self):
        """Second names of the files that the task writes, for the worker's own directory goes with it."""
        return self._link("stdout", self.host_stdout_txt()), self._link("stderr", self.host_stderr_txt())

    def _link(self, name, path):
        with open(path, "ab"):
            pass
        link = os.path.join(self._directory, name)
        os.link(path, link)
        return link

    def _name(self):
        """As `hello`, `outer/hello-0` of a scattered call in a called workflow; alone it has its own.

        Toil writes `workflow.outer.0.hello`.
        """
        first, *rest = _Places.task_path.split(".")
        steps = []
        numbers = ""
        for part in rest:
            if part.isdigit():
                numbers += "-" + part
            else:
                steps.append(part + numbers)
                numbers = ""
        return "/".join(steps) or first


class _HostTask(_ToldTask, host_backend.HostTask):
    pass


class _LabelledTask(_ToldTask, container_backend.LabelledTask):
    pass


class _SingularityTask(_ToldTask, container_backend.SingularityTask):
    pass


BACKENDS = {
    None: _HostTask,
    "docker": _LabelledTask,
    "podman": _LabelledTask,
    "singularity": _SingularityTask,
    "apptainer": _SingularityTask,
}


def _name_tasks(wdltoil):
    run = wdltoil.WDLTaskJob.run

    def run_named(self, file_store):
        _Places.task_path = self._wdl_options["task_path"]
        return run(self, file_store)

    wdltoil.WDLTaskJob.run = run_named


def _check_inputs(wdltoil, roots):
    """Toil looks for an input file at many places and goes on without it."""
    convert = wdltoil.convert_remote_files

    def convert_located(environment, *arguments, **keywords):
        return convert(locate_files(environment, roots), *arguments, **keywords)

    wdltoil.convert_remote_files = convert_located
