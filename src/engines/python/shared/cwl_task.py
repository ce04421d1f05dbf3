"""One task: its live output files, and the events about it."""

import errno
import os

from task_events import now_milliseconds

EXIT_NOT_FOUND = 127
EXIT_NOT_EXECUTABLE = 126
NOT_EXECUTABLE = (errno.EACCES, errno.EPERM, errno.ENOEXEC)
ERROR_LIMIT = 4000
STREAMS = ("stdout", "stderr")


class Task:
    def __init__(self, task_id, directory, events, guard, containers):
        self._id = task_id
        self._directory = directory
        self._events = events
        self._guard = guard
        self._containers = containers
        self._default_streams = []
        self._captures_to_link = []
        self._start_told = False
        self._end_told = False
        self._ended_at = None
        self._exit_code = None
        self._error = None

    def prepare(self, job, context):
        """Hooks itself into the job; gives the context that the job is to be run with."""
        os.makedirs(self._directory, exist_ok=True)
        context = context.copy()
        context.default_stdout = self._open_default("stdout")
        context.default_stderr = self._open_default("stderr")
        self._hook_start(job, context)
        self._hook_exit(job)
        self._hook_end(job)
        self._containers.prepare(job)
        return context

    def _open_default(self, stream):
        opened = open(os.path.join(self._directory, stream), "wb")
        self._default_streams.append(opened)
        return opened

    def _hook_start(self, job, context):
        """cwltool asks for the log directory when all is set up and just before it starts the tool."""
        set_log_dir = context.set_log_dir

        def task_starts(outdir, log_dir, name):
            directory = set_log_dir(outdir, log_dir, name)
            for mapper in (job.pathmapper, job.generatemapper):
                self._guard.require_staging(mapper, lambda path: self._containers.on_host(job, path))
            self._link_captures(job, directory)
            self.report_start(job)
            return directory

        context.set_log_dir = task_starts

    def _hook_exit(self, job):
        collect_outputs = job.collect_outputs

        def tool_exited(outdir, exit_code):
            self._ended_at = now_milliseconds()
            self._exit_code = 128 - exit_code if exit_code < 0 else exit_code
            for captured, live in self._captures_to_link:
                _replace_by_link(captured, live)
            return collect_outputs(outdir, exit_code)

        job.collect_outputs = tool_exited

    def _hook_end(self, job):
        output_callback = job.output_callback

        def task_ended(outputs, status):
            self.report_end(status)
            return output_callback(outputs, status)

        job.output_callback = task_ended

    def _link_captures(self, job, directory):
        """A stream that the tool captures in a file is live under the task's own name as well.

        cwltool opens the captured file for writing and later moves it; the second name of the same file
        stays where it is.
        """
        staged = [entry.target for _, entry in job.generatemapper.items()] if job.generatemapper else []
        staged = [self._containers.on_host(job, target) for target in staged]
        for stream in STREAMS:
            name = getattr(job, stream)
            if not name:
                continue
            captured = os.path.join(directory, name)
            live = os.path.join(self._directory, stream)
            if any(
                target and (captured == target or captured.startswith(target + "/"))
                for target in staged
            ):
                self._captures_to_link.append((captured, live))  # creating it would be in the way
                continue
            os.makedirs(os.path.dirname(captured), exist_ok=True)
            with open(captured, "ab"):
                pass
            _replace_by_link(captured, live)

    def report_start(self, job):
        self._start_told = True
        self._events.write(
            "task_started",
            task=self._id,
            name=job.name,
            command=[str(word) for word in job.command_line],
            stdout=os.path.join(self._directory, "stdout"),
            stderr=os.path.join(self._directory, "stderr"),
            image=self._containers.image(job),
            cores=job.builder.resources.get("cores"),
            ram_mib=job.builder.resources.get("ram"),
        )

    def report_end(self, status):
        if self._end_told:
            return
        self._end_told = True
        self._events.write(
            "task_ended",
            task=self._id,
            at=self._ended_at or now_milliseconds(),
            exit_code=self._exit_code,
            status=status,
            error=None if status == "success" else self._error,
        )

    def broke_off(self, job, error):
        """cwltool raised instead of ending the task, mostly while it set it up: no hook told of it."""
        self._error = str(error)[:ERROR_LIMIT]
        if not self._start_told:
            self.report_start(job)
        self.report_end("permanentFail")

    def error_seen(self, message, error):
        self._error = message[:ERROR_LIMIT]
        if self._exit_code is None and isinstance(error, OSError):
            if error.errno == errno.ENOENT:
                self._exit_code = EXIT_NOT_FOUND
            elif error.errno in NOT_EXECUTABLE:
                self._exit_code = EXIT_NOT_EXECUTABLE

    def close(self):
        for stream in self._default_streams:
            stream.close()


def _replace_by_link(captured, live):
    """Gives the file `captured` the second name `live`; across file systems the live file stays empty."""
    unfinished = live + ".link"
    try:
        os.link(captured, unfinished)
        os.replace(unfinished, live)
    except OSError:
        pass
