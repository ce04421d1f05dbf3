"""Runs the commands of tasks as processes of this machine: a container backend of miniwdl without containers.

A task works in its own directory below the run's; its inputs are linked into it. What it asks for of cores and
memory is reserved, but not enforced: the run's own limits are.
"""

import contextlib
import os
import signal
import subprocess
import threading

import psutil
from WDL.runtime.task_container import TaskContainer

import containers
from machine import memory_mebibytes

DOWNLOAD = "download-"  # how miniwdl names the tasks by which it fetches inputs
CHECK_SECONDS = 0.25
END_SECONDS = 3
BYTES_PER_MEBIBYTE = 2**20


class _Shared:
    """What the tasks of this process share; set before the first."""

    events = None
    run_directory = ""
    cores = 1
    memory_bytes = 0
    lock = threading.Condition()
    used_cores = 0
    used_bytes = 0
    task_count = 0


def prepare(events, run_directory, cores):
    _Shared.events = events
    _Shared.run_directory = run_directory
    _Shared.cores = max(1, cores)
    _Shared.memory_bytes = memory_mebibytes() * BYTES_PER_MEBIBYTE


class HostTask(TaskContainer):
    def __init__(self, cfg, run_id, host_dir):
        super().__init__(cfg, run_id, host_dir)
        self.container_dir = host_dir

    @classmethod
    def global_init(cls, cfg, logger):
        pass

    @classmethod
    def detect_resource_limits(cls, cfg, logger):
        return {"cpu": _Shared.cores, "mem_bytes": _Shared.memory_bytes}

    def host_path(self, container_path, inputs_only=False):
        # A command that was tried again knows its directory by its true name, as from $PWD.
        own = self.host_work_dir()
        if container_path.startswith(own + "/"):
            first = os.path.join(self.container_dir, "work")
            container_path = first + container_path[len(own) :]
        return super().host_path(container_path, inputs_only)

    def _run(self, logger, terminating, command):
        with _reserve(self.runtime_values, terminating):
            if terminating():
                return 128 + signal.SIGTERM
            return self._execute(logger, terminating, command)

    def _link_inputs(self):
        for host_path, container_path in self.input_path_map.items():
            place = container_path.rstrip("/")
            if os.path.lexists(place):  # of the attempt before, or a copy
                continue
            os.makedirs(os.path.dirname(place), exist_ok=True)
            try:
                os.link(host_path, place)
            except OSError:  # a directory, or on another file system
                os.symlink(host_path.rstrip("/"), place)

    def _execute(self, logger, terminating, command):
        self._link_inputs()
        shell = self.cfg.get("task_runtime", "command_shell")
        script = self._write_script(command)
        with open(self.host_stdout_txt(), "ab") as out, open(self.host_stderr_txt(), "ab") as err:
            with self._told(command, terminating) as end:
                process = subprocess.Popen(
                    [shell, script],
                    cwd=self.host_work_dir(),
                    env=self._environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                )
                end.exit_code = wait_for(process, terminating, end_tree)
        return end.exit_code

    def _write_script(self, text):
        script = os.path.join(self.host_dir, "command")
        with open(script, "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.write(text)
        return script

    @contextlib.contextmanager
    def _told(self, command, terminating):
        """Tells of the task's start and end; the caller leaves the exit code in what it gives."""
        task_id = self._new_id()
        self._tell_start(task_id, [self.cfg.get("task_runtime", "command_shell"), "-c", command])
        end = _End()
        try:
            yield end
        except Exception as error:
            end.error = str(error)
            raise
        finally:
            self._tell_end(task_id, end, terminating())

    def _environment(self):
        if self.run_id.startswith(DOWNLOAD):
            return dict(os.environ)  # the engine's own work, which may need its proxies
        kept = ("PATH", "LANG", *containers.MARKERS)
        temporary = os.path.join(self.host_dir, "tmp")
        os.makedirs(temporary, exist_ok=True)
        return {
            **{name: os.environ[name] for name in kept if name in os.environ},
            "HOME": self.host_work_dir(),
            "TMPDIR": temporary,
            **self.runtime_values.get("env", {}),
        }

    def _tell_start(self, task_id, command):
        memory = self.runtime_values.get("memory_reservation")
        attempt = self.try_counter
        stdout, stderr = self._logs()
        _Shared.events.write(
            "task_started",
            task=task_id,
            name=self._name(),
            command=command,
            stdout=stdout,
            stderr=stderr,
            cores=self.runtime_values.get("cpu"),
            ram_mib=None if memory is None else round(memory / BYTES_PER_MEBIBYTE),
            image=self._image(),
            notes=self._notes() + ([] if attempt == 1 else ["attempt %d" % attempt]),
        )

    def _logs(self):
        return self.host_stdout_txt(), self.host_stderr_txt()

    def _image(self):
        """Of the container in which the task runs."""
        return None

    def _notes(self):
        image = self.runtime_values.get("docker")
        return [] if image is None else ["container %s: not used, on the host" % image]

    def _tell_end(self, task_id, end, was_stopped):
        exit_code = end.exit_code
        succeeded = exit_code is not None and self.success_exit_code(exit_code)
        error = None
        if was_stopped:
            error = "stopped, because another task failed"
        elif exit_code is None:
            error = end.error or "the command could not be started"
        _Shared.events.write(
            "task_ended",
            task=task_id,
            exit_code=exit_code,
            status="success" if succeeded else ("stopped" if was_stopped else "permanentFail"),
            error=error,
        )

    def _new_id(self):
        return _next_task_id()

    def _name(self):
        return name_of(self.host_dir, self.run_id)


def _next_task_id():
    with _Shared.lock:
        _Shared.task_count += 1
        return str(_Shared.task_count)


def name_of(directory, alone):
    """As the directories nest: `hello`, `outer/hello-0` of a scattered call in a called workflow."""
    inside = os.path.relpath(directory, _Shared.run_directory)
    if inside == ".":
        return alone
    return "/".join(step.removeprefix("call-") for step in inside.split(os.sep))


def tell_cached(name):
    """A task's results were taken from an earlier execution."""
    _Shared.events.write("task_cached", task=_next_task_id(), name=name)


class _reserve:
    """Waits until cores and memory of a task are free, and gives them back."""

    def __init__(self, runtime_values, terminating):
        self._cores = min(runtime_values.get("cpu", 1), _Shared.cores)
        self._bytes = min(runtime_values.get("memory_reservation", 0), _Shared.memory_bytes)
        self._terminating = terminating

    def __enter__(self):
        with _Shared.lock:
            while not self._fits() and not self._terminating():
                _Shared.lock.wait(timeout=CHECK_SECONDS)
            _Shared.used_cores += self._cores
            _Shared.used_bytes += self._bytes

    def _fits(self):
        return (
            _Shared.used_cores + self._cores <= _Shared.cores
            and _Shared.used_bytes + self._bytes <= _Shared.memory_bytes
        )

    def __exit__(self, *_):
        with _Shared.lock:
            _Shared.used_cores -= self._cores
            _Shared.used_bytes -= self._bytes
            _Shared.lock.notify_all()


class _End:
    exit_code = None
    error = None


def wait_for(process, terminating, end):
    """The exit code; once the task is to stop, `end(process)` sees to it."""
    while True:
        try:
            code = process.wait(timeout=CHECK_SECONDS)
            return 128 - code if code < 0 else code
        except subprocess.TimeoutExpired:
            if terminating():
                end(process)


def end_tree(task):
    """Ends a task with all that it started, politely at first; its exit code is left to be waited for."""
    try:
        others = psutil.Process(task.pid).children(recursive=True)
    except psutil.Error:
        return
    task.terminate()  # first: a shell must not go on with its next line
    for process in others:
        _quietly(process.terminate)
    # Not for the task: whoever waits for it by its number takes its exit code.
    _, left = psutil.wait_procs(others, timeout=END_SECONDS)
    for process in left:
        _quietly(process.kill)
    try:
        task.wait(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        task.kill()


def _quietly(action):
    try:
        action()
    except psutil.Error:
        pass
