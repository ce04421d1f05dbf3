"""The places in Snakemake where a run is watched and steered, which are not the same in its versions."""

import functools
import inspect
import logging
import os
import shlex
import subprocess
import sys

from process_tree import end_all

HERE = os.path.dirname(os.path.abspath(__file__))


def command_line():
    """Snakemake's command line: a function of its arguments that ends with SystemExit."""
    try:
        from snakemake.cli import main
    except ImportError:  # version 7
        from snakemake import main
    return main


def knows_option(option):
    return option in inspect.getsource(sys.modules[command_line().__module__])


def opens_addresses():
    """Whether the main Snakefile may be one of the web."""
    return command_line().__module__ != "snakemake"


def executor_class():
    try:
        from snakemake.executors.local import Executor
    except ImportError:  # version 7
        from snakemake.executors import CPUExecutor as Executor
    return Executor


def scheduler_class():
    try:
        from snakemake.scheduling.job_scheduler import JobScheduler
    except ImportError:  # before version 9.11
        from snakemake.scheduler import JobScheduler
    return JobScheduler


def persistence_class():
    try:
        from snakemake.persistence import PersistenceBase as Persistence
    except ImportError:
        from snakemake.persistence import Persistence
    return Persistence


def end_on_sigterm():
    """Its scheduler's own handler waits for the jobs, which are to end at once."""
    scheduler_class().exit_gracefully = lambda *_: end_all()


def watch_errors(outcome):
    from snakemake.logging import logger

    if isinstance(logger, logging.Logger):
        # A filter: handlers are taken away when a workflow begins.
        logger.addFilter(functools.partial(_hear_record, outcome))
    else:
        _hear_messages(logger, outcome)
    _watch_exceptions(outcome)


def _hear_record(outcome, record):
    event = getattr(record, "event", None)
    if record.levelno >= logging.ERROR and getattr(event, "value", event) in (None, "error"):
        outcome.error_logged(record.getMessage())
    return True


def _hear_messages(logger, outcome):
    handle = logger.handler

    def hear(message):
        if message.get("level") == "error":
            outcome.error_logged(message.get("msg"))
        handle(message)

    logger.handler = hear


def _watch_exceptions(outcome):
    from snakemake import exceptions

    tell = exceptions.print_exception

    def print_exception(error, linemaps=None):
        outcome.while_told(error, lambda: tell(error, linemaps))

    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "snakemake" and vars(module).get("print_exception") is tell:
            module.print_exception = print_exception


def watch_jobs(tasks, when_done):
    """Tells `tasks` of the jobs; `when_done` is called with each that ended well."""
    _watch_execution(tasks)
    _watch_end(tasks, when_done)
    _take_processes(tasks)


def _watch_execution(tasks):
    executor = executor_class()
    execute = executor.cached_or_run

    def cached_or_run(self, job, run_function, *arguments):
        task = tasks.begin(job)
        if task is None:
            return execute(self, job, run_function, *arguments)
        try:
            return execute(self, job, tasks.within(task, run_function), *arguments)
        except BaseException as error:
            tasks.went_wrong(job, error)
            raise
        finally:
            task.execution_ended()

    executor.cached_or_run = cached_or_run


def _watch_end(tasks, when_done):
    """A job has ended when its outputs were looked at; after a failure Snakemake says `error=True`."""
    from snakemake.jobs import Job

    look_at = Job.postprocess

    def looked_at(job, error):
        if not error:
            when_done(job)
        tasks.end(job, succeeded=not error)

    async def postprocess_async(self, *arguments, error=False, **options):
        try:
            await look_at(self, *arguments, error=error, **options)
        except BaseException as raised:
            tasks.went_wrong(self, raised)
            raise
        looked_at(self, error)

    def postprocess(self, *arguments, error=False, **options):
        try:
            look_at(self, *arguments, error=error, **options)
        except BaseException as raised:
            tasks.went_wrong(self, raised)
            raise
        looked_at(self, error)

    Job.postprocess = postprocess_async if inspect.iscoroutinefunction(look_at) else postprocess


class _TaskSubprocess:
    """Stands in for the module `subprocess` where commands of rules are started."""

    def __init__(self, tasks):
        self._tasks = tasks

    def __getattr__(self, name):
        return getattr(subprocess, name)

    def Popen(self, *arguments, **options):
        task = self._tasks.current
        start = subprocess.Popen if task is None else task.popen
        return start(*arguments, **options)


def _take_processes(tasks):
    from snakemake.exceptions import SpawnedJobError

    # The package has a class of the module's name.
    sys.modules["snakemake.shell"].sp = _TaskSubprocess(tasks)

    def spawn_job(executor, job):
        """`run:` directives and shadow directories are for a Snakemake in a process of its own."""
        start = tasks.current.popen if tasks.current is not None else subprocess.Popen
        if start(_spawned(executor.format_job_exec(job)), shell=True).wait() != 0:
            raise SpawnedJobError()

    executor_class().spawn_job = spawn_job
    # Not every version quotes it.
    executor_class().get_job_exec_prefix = lambda self, _: shlex.join(
        ["cd", str(self.workflow.workdir_init)]
    )


def _spawned(command):
    import snakemake

    place = os.path.dirname(os.path.dirname(os.path.abspath(snakemake.__file__)))
    words = [sys.executable, "-u", os.path.join(HERE, "spawned_job.py"), place]
    return command.replace("%s -m snakemake" % sys.executable, shlex.join(words), 1)


def watch_workflow(begins):
    """Calls `begins` with the graph of the workflow's jobs when it is complete, before the first runs.

    Gives an object whose `dag` is that graph: a workflow that it includes as a whole comes first.
    """

    class Watched:
        dag = None

    scheduler = scheduler_class()
    initialise = scheduler.__init__

    def __init__(self, workflow, *arguments, **options):
        initialise(self, workflow, *arguments, **options)
        Watched.dag = workflow.persistence.dag
        begins(Watched.dag)

    scheduler.__init__ = __init__
    return Watched


def add_reason_to_run(is_outdated):
    """Jobs for which `is_outdated` are run again, as if their code had changed."""
    persistence = persistence_class()
    code_changed = persistence.code_changed

    def changed(self, job, file=None):
        if is_outdated(job):
            return list(job.output) if file is None else True
        return code_changed(self, job, file=file)

    persistence.code_changed = changed
