"""The tasks of a run: one for each attempt at a job that has something to execute."""

import os
import subprocess
import threading

from run_outcome import plain
from task_events import now_milliseconds

MEBIBYTES_PER_MEGABYTE = 1000000 / 2**20
LOG_TAIL_BYTES = 4000


class JobTasks:
    """`uses_containers` tells whether Snakemake runs the commands of jobs in their containers."""

    def __init__(self, events, directory, uses_containers):
        self.any_began = False
        self.any_failed = False
        self._events = events
        self._directory = directory
        self._uses_containers = uses_containers
        self._lock = threading.Lock()
        self._count = 0
        self._open = {}
        self._told = set()
        self._of_thread = threading.local()

    def begin(self, job):
        """Jobs that only collect others' outputs, as `rule all`, are no tasks: None."""
        if job.is_norun:
            return None
        with self._lock:
            self._count += 1
            number = self._count
            self._told.add(name_of(job))
        directory = os.path.join(self._directory, str(number))
        os.makedirs(directory, exist_ok=True)
        task = JobTask(str(number), job, directory)
        self._open[id(job)] = task
        self.any_began = True
        task.tell_start(self._events, self._uses_containers)
        return task

    def within(self, task, function):
        """`function`, whose processes belong to the task."""

        def run(*arguments):
            self._of_thread.task = task
            try:
                return function(*arguments)
            finally:
                self._of_thread.task = None

        return run

    @property
    def current(self):
        """The task that this thread executes, or None."""
        return getattr(self._of_thread, "task", None)

    def went_wrong(self, job, error):
        """The job's execution, or what Snakemake checks after it, raised; its end is still to come."""
        task = self._open.get(id(job))
        if task is not None:
            task.error = error

    def end(self, job, succeeded):
        task = self._open.pop(id(job), None)
        if task is None:
            return
        status = "success"
        if not succeeded:
            # As Snakemake itself decides, a moment later.
            is_retried = job.restart_times > job.attempt - 1
            status = "retried" if is_retried else "permanentFail"
            self.any_failed = self.any_failed or not is_retried
        task.tell_end(self._events, status)

    def end_all(self):
        """Those that Snakemake forgot when something else stopped it."""
        for task in list(self._open.values()):
            self.end(task.job, succeeded=False)

    def tell_cached(self, jobs):
        """Jobs that need not run, because what they would make is there."""
        for job in jobs:
            name = name_of(job)
            if job.is_norun or name in self._told:
                continue
            with self._lock:
                self._count += 1
                number = self._count
                self._told.add(name)
            self._events.write("task_cached", task=str(number), name=name)


class JobTask:
    def __init__(self, task_id, job, directory):
        self.job = job
        self.error = None
        self._id = task_id
        self._processes = []
        self._ended_at = None
        self._streams = {name: os.path.join(directory, name) for name in ("stdout", "stderr")}
        for path in self._streams.values():
            open(path, "wb").close()

    def popen(self, *arguments, **options):
        """A process whose output goes to the task's files, unless Snakemake reads it itself."""
        opened = []
        for name, path in self._streams.items():
            if options.get(name) != subprocess.PIPE:
                options[name] = open(path, "ab")
                opened.append(options[name])
        try:
            process = subprocess.Popen(*arguments, **options)
        finally:
            for stream in opened:
                stream.close()
        self._processes.append(process)
        return process

    def execution_ended(self):
        self._ended_at = now_milliseconds()

    def tell_start(self, events, uses_containers):
        job = self.job
        image = job.container_img_url
        notes = ["attempt %d" % job.attempt] if job.attempt > 1 else []
        if image is not None and not uses_containers:
            notes.append("container %s: not used, on the host" % image)
        if job.rule.conda_env:
            notes.append("conda environment: not used, programs are those of the machine")
        notes.extend("log: %s" % path for path in job.log)
        events.write(
            "task_started",
            task=self._id,
            name=name_of(job),
            command=command_of(job),
            stdout=self._streams["stdout"],
            stderr=self._streams["stderr"],
            image=image if uses_containers else None,
            cores=job.threads,
            ram_mib=memory_of(job),
            notes=notes,
        )

    def tell_end(self, events, status):
        exit_code = self._exit_code()
        error = None
        if status != "success":
            error = self._explanation(exit_code)
        events.write(
            "task_ended",
            task=self._id,
            at=self._ended_at or now_milliseconds(),
            exit_code=exit_code,
            status=status,
            error=error,
        )

    def _exit_code(self):
        """Of the first process that failed; None without a process, as when a script was not found."""
        codes = [process.returncode for process in self._processes]
        known = [128 - code if code < 0 else code for code in codes if code is not None]
        return next((code for code in known if code != 0), known[-1] if known else None)

    def _explanation(self, exit_code):
        """What stderr does not tell: the command can't say that its output is missing."""
        if exit_code in (None, 0) and self.error is not None:
            return plain(self.error)
        if exit_code not in (None, 0) and os.path.getsize(self._streams["stderr"]) == 0:
            return log_tail(self.job.log)
        return None


def name_of(job):
    """The rule, with the values of its wildcards: `count (sample=a)`."""
    values = ", ".join("%s=%s" % item for item in job.wildcards_dict.items())
    return "%s (%s)" % (job.rule.name, values) if values else job.rule.name


def command_of(job):
    rule = job.rule
    if rule.shellcmd is not None:
        from snakemake.shell import shell

        try:
            command = job.shellcmd
        except Exception:  # it can't be filled in, of which the execution will tell
            command = rule.shellcmd
        return [os.path.basename(shell.get_executable() or "sh"), "-c", command]
    for kind in ("script", "notebook", "wrapper", "cwl", "template_engine"):
        what = getattr(rule, kind, None)
        if what:
            return [kind, str(what)]
    return ["run"]


def memory_of(job):
    mebibytes = job.resources.get("mem_mib")
    if isinstance(mebibytes, int):
        return mebibytes
    megabytes = job.resources.get("mem_mb")
    return round(megabytes * MEBIBYTES_PER_MEGABYTE) if isinstance(megabytes, int) else None


def log_tail(paths):
    """Many rules send what goes wrong to their log files."""
    for path in map(str, paths):
        try:
            with open(path, "rb") as stream:
                stream.seek(max(0, os.path.getsize(path) - LOG_TAIL_BYTES))
                text = stream.read().decode("utf-8", "replace").strip()
        except OSError:
            continue
        if text:
            return "The end of %s:\n%s" % (path, text)
    return None
