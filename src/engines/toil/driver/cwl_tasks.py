"""CWL in Toil: its tools, run by cwltool in Toil's workers, are told as tasks."""

import argparse
import logging
import os
import sys

from cwltool.job import JobBase

from container_hooks import ContainerHooks
from cwl_task import Task
from file_guard import FileGuard, guarded_fetcher
from output_places import separating_path_mapper
from task_places import new_task


def apply(options, events, guard):
    from toil.cwl import cwltoil

    containers = ContainerHooks(options)
    adapted = argparse.Namespace(podman=options.containers == "podman")
    containers.adapt(adapted)
    cwltoil.ToilSingleJobExecutor = _reporting_executor(
        cwltoil.ToilSingleJobExecutor, options.tasks, events, guard, containers
    )
    # Toil's own adds a program to each container that measures, and needs much of the image.
    cwltoil.ToilDockerCommandLineJob = cwltoil.DockerCommandLineJob
    _replace_class(cwltoil, "ToilFsAccess", _guarded_fs_access(cwltoil.ToilFsAccess, guard))
    outputs = os.path.abspath(options.outputs)
    cwltoil.ToilPathMapper = _output_mapper(outputs, cwltoil.ToilPathMapper)
    _adapt_options(cwltoil, [options.run_root] + options.allow_root, adapted)
    _name_steps(cwltoil)


def _replace_class(module, name, replacement):
    """Pickled jobs name it by its module: it must be what is found there."""
    replacement.__module__ = module.__name__
    replacement.__qualname__ = replacement.__name__ = name
    setattr(module, name, replacement)


def _reporting_executor(base, tasks, *of_tasks):
    class ReportingExecutor(base):
        def run_jobs(self, process, job_order_object, logger, runtime_context):
            make_jobs = process.job

            def make_reported_jobs(*arguments):
                for job in make_jobs(*arguments):
                    if isinstance(job, JobBase):  # not for an expression
                        job.name = _name_of(process, runtime_context)
                        job = _ReportedJob(job, Task(*new_task(tasks), *of_tasks))
                    yield job

            process.job = make_reported_jobs
            super().run_jobs(process, job_order_object, logger, runtime_context)

    return ReportingExecutor


def _name_of(process, context):
    """The step's, with the number of the part in a scatter."""
    step, is_scattered = getattr(process, "wes_step", (None, False))
    if step is None:
        return context.name
    if not is_scattered:
        return step
    # Toil's name ends with that number and the tool's own name.
    scope = context.name.removesuffix("." + _short_name(process.tool["id"]))
    return "%s-%s" % (step, scope.rpartition(".")[2])


class _ReportedJob:
    """What cwltool's executor needs of a job."""

    def __init__(self, job, task):
        self.outdir = job.outdir
        self._job = job
        self._task = task

    def run(self, context):
        listener = _ErrorListener(self._task)
        logging.getLogger("cwltool").addHandler(listener)
        try:
            context = self._task.prepare(self._job, context)
            self._job.run(context)
        except Exception as error:
            self._task.broke_off(self._job, error)
            raise
        finally:
            logging.getLogger("cwltool").removeHandler(listener)
            self._task.close()


class _ErrorListener(logging.Handler):
    """cwltool logs why a task fails, mostly while it handles the exception."""

    def __init__(self, task):
        super().__init__(logging.ERROR)
        self._task = task

    def emit(self, record):
        self._task.error_seen(record.getMessage(), sys.exc_info()[1])


def _guarded_fs_access(base, guard):
    class GuardedFsAccess(base):
        def _abs(self, path, *arguments, **keywords):
            local = super()._abs(path, *arguments, **keywords)
            if local.startswith("/"):
                guard.require(local)
            return local

    return GuardedFsAccess


def _output_mapper(outputs, base):
    class OutputMapper(separating_path_mapper(outputs, base)):
        def reversemap(self, target):
            # Toil would rename a second output of the same name; it gets a place of its own instead.
            return None if self.stagedir == outputs else super().reversemap(target)

    return OutputMapper


def _adapt_options(cwltoil, roots, adapted):
    """Toil gives its options to cwltool's loading context, which takes the fetcher of documents from there."""
    get_options = cwltoil.get_options

    def get_adapted_options(arguments):
        options = get_options(arguments)
        options.fetcher_constructor = _FetcherWithin(roots)
        options.podman = adapted.podman
        return options

    cwltoil.get_options = get_adapted_options


class _FetcherWithin:
    """Pickled with the tools: therefore not the guarded class itself."""

    def __init__(self, roots):
        self._roots = roots

    def __call__(self, *arguments, **keywords):
        return guarded_fetcher(FileGuard(self._roots))(*arguments, **keywords)


def _name_steps(cwltoil):
    """Toil's jobs know their tools but not the steps, whose names people know."""
    make_root_job = cwltoil.makeRootJob

    def make_root_job_of_named_steps(*, tool, **keywords):
        _tell_steps(tool)
        return make_root_job(tool=tool, **keywords)

    cwltoil.makeRootJob = make_root_job_of_named_steps


def _tell_steps(tool):
    for step in getattr(tool, "steps", []):
        step.embedded_tool.wes_step = (_short_name(step.tool["id"]), "scatter" in step.tool)
        _tell_steps(step.embedded_tool)


def _short_name(address):
    from cwltool.process import shortname

    return shortname(address)
