"""A cwltool executor that runs tasks side by side within given cores and tells of each."""

import math
import os
import threading

from cwltool.errors import WorkflowException
from cwltool.executors import JobExecutor
from cwltool.job import JobBase
from schema_salad.exceptions import ValidationException

from cwl_task import Task
from machine import memory_mebibytes

LONGEST_SLEEP_SECONDS = 0.25


class TaskExecutor(JobExecutor):
    """Jobs are taken from the process one by one, each as soon as it fits, in the process's own order.

    Only the tools run in threads of their own; everything that touches the workflow's state happens
    under cwltool's `workflow_eval_lock`, which is also the condition that the ends of tasks signal.
    """

    def __init__(self, events, outcome, guard, containers, options, results=None):
        super().__init__()
        self._events = events
        self._outcome = outcome
        self._guard = guard
        self._results = results
        self._containers = containers
        self._tasks_directory = os.path.abspath(options.tasks)
        self._max_cores = float(options.cores)
        self._max_ram = memory_mebibytes()
        self._serial = options.serial
        self._task_count = 0
        self._running = 0
        self._used_cores = 0.0
        self._used_ram = 0.0
        self._failed = False
        self._exceptions = []
        self._staging_lock = threading.Lock()

    def select_resources(self, request, runtime_context):
        """What a task gets (cores, MiB) of what it asks for; too little for its minimum is an error."""
        granted = {
            "cores": self._grant(request, "cores", self._max_cores, "cores"),
            "ram": self._grant(request, "ram", self._max_ram, "MiB of memory"),
            "tmpdirSize": math.ceil(request["tmpdirMin"]),
            "outdirSize": math.ceil(request["outdirMin"]),
        }
        if "cudaDeviceCountMin" in request:
            granted["cudaDeviceCount"] = request["cudaDeviceCountMin"]
        return granted

    def _grant(self, request, resource, available, unit):
        minimum, maximum = request[resource + "Min"], request[resource + "Max"]
        if minimum > available:
            raise WorkflowException(
                "A task asks for at least %g %s but a run has only %g here" % (minimum, unit, available)
            )
        return min(math.ceil(maximum), available)

    def execute(self, process, job_order_object, runtime_context, *arguments, **keywords):
        self._outcome.execution_began()
        result = super().execute(process, job_order_object, runtime_context, *arguments, **keywords)
        self._outcome.execution_ended(result[1])
        return result

    def run_jobs(self, process, job_order_object, logger, runtime_context):
        with runtime_context.workflow_eval_lock:
            try:
                self._run_all(process, job_order_object, logger, runtime_context)
            finally:
                while self._running:
                    _wait_for_change(runtime_context)
            self._raise_first_exception()

    def _run_all(self, process, job_order_object, logger, context):
        stuck = False
        for job in process.job(job_order_object, self.output_callback, context):
            if job is not None:
                stuck = False
                self._run_job(job, context)
            elif self._running:
                _wait_for_change(context)
            elif stuck:  # asked twice with nothing running: no task's end can bring it on
                if not self._failed:
                    logger.error("Workflow cannot make any more progress.")
                return
            else:
                stuck = True
            if self._exceptions:
                return

    def _run_job(self, job, context):
        if not isinstance(job, JobBase):
            job.run(context)
            return
        job.builder = context.builder or job.builder
        if job.outdir is not None:
            self.output_dirs.add(job.outdir)
        if self._wait_until_it_fits(job, context):
            self._start(job, context)

    def _wait_until_it_fits(self, job, context):
        """False when a failure came first after which nothing more is to be started."""
        while True:
            if self._exceptions or (self._failed and context.on_error == "stop"):
                return False
            if not self._running or self._fits(job):
                return True
            _wait_for_change(context)

    def _fits(self, job):
        return (
            not self._serial
            and self._used_cores + job.builder.resources["cores"] <= self._max_cores
            and self._used_ram + job.builder.resources["ram"] <= self._max_ram
        )

    def _start(self, job, context):
        self._count(job, 1)
        self._task_count += 1
        task_id = str(self._task_count)
        threading.Thread(target=self._bring_about, args=(task_id, job, context), daemon=True).start()

    def _count(self, job, by):
        self._running += by
        self._used_cores += by * job.builder.resources["cores"]
        self._used_ram += by * job.builder.resources["ram"]

    def _bring_about(self, task_id, job, context):
        """The task's results: those of an earlier execution, or the task is run."""
        directory = os.path.join(self._tasks_directory, task_id)
        task = Task(task_id, directory, self._events, self._guard, self._containers)
        try:
            if not self._take_results(task_id, job, context):
                self._run_task(task, job, context)
        except Exception as error:
            self._exceptions.append(error)
        finally:
            with context.workflow_eval_lock:
                self._count(job, -1)
                context.workflow_eval_lock.notify_all()

    def _take_results(self, task_id, job, context):
        key = self._results and self._results.key_of(job, context)
        if not key:
            return False
        outputs = self._results.take(key, job)
        if outputs is None:
            self._results.keep_of(key, job)
            return False
        self._events.write("task_cached", task=task_id, name=job.name)
        with context.workflow_eval_lock:
            job.output_callback(outputs, "success")
        return True

    def _run_task(self, task, job, context):
        self._outcome.watch_thread(task)
        task_context = context
        try:
            task_context = task.prepare(job, context)
            self._note_failure(job)
            job.run(task_context, self._staging_lock)
        except Exception as error:
            task.broke_off(job, error)
            raise
        finally:
            task.close()

    def _note_failure(self, job):
        output_callback = job.output_callback

        def task_ended(outputs, status):
            if status != "success":
                self._failed = True
            return output_callback(outputs, status)

        job.output_callback = task_ended

    def _raise_first_exception(self):
        if not self._exceptions:
            return
        first = self._exceptions[0]
        if isinstance(first, (WorkflowException, ValidationException)):
            raise first
        self._outcome.escaped(first)
        raise WorkflowException(str(first)) from first


def _wait_for_change(context):
    """Until a task ends, or for a moment: the caller looks again.

    A signal that comes just before the thread falls asleep is handled only when it wakes up, so that
    without the limit a run that is told to stop might go on.
    """
    context.workflow_eval_lock.wait(timeout=LONGEST_SLEEP_SECONDS)
