"""Runs the commands of tasks in the containers that they ask for; tasks that ask for none run on the host.

miniwdl's own backends compute the command lines. How tasks are reserved for, waited for, told of and ended is
as on the host, and so are the paths that a task sees.
"""

import contextlib
import os
import shlex
import subprocess

from WDL.Error import RuntimeError as WdlRuntimeError
from WDL.runtime.backend.cli_subprocess import SubprocessBase
from WDL.runtime.backend.podman import PodmanContainer
from WDL.runtime.backend.singularity import SingularityContainer

import containers
from host_backend import HostTask, end_tree, wait_for

COMMAND = "../command >> ../stdout.txt 2>> ../stderr.txt"


class _Shared:
    label = None


def prepare(label):
    _Shared.label = label


class _ContainedTask(HostTask):
    def _execute(self, logger, terminating, command):
        if "inlineDockerfile" in self.runtime_values:
            raise WdlRuntimeError("inlineDockerfile is not supported here; name an image in container")
        if self._image() is None:
            return super()._execute(logger, terminating, command)
        shell = self.cfg.get("task_runtime", "command_shell")
        with contextlib.ExitStack() as cleanup:
            cleanup.enter_context(open(self.host_stdout_txt(), "ab"))  # there for readers from the start
            # Of the runtime itself: what the command prints is redirected inside of the container.
            said = cleanup.enter_context(open(self.host_stderr_txt(), "ab"))
            end = cleanup.enter_context(self._told(command, terminating))
            image = self._pull(logger, cleanup)
            self._write_script(self._exports() + command)
            process = subprocess.Popen(
                self._run_invocation(logger, cleanup, image)
                + ["/bin/sh", "-c", "%s %s" % (shell, COMMAND)],
                cwd=self.host_dir,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
            end.exit_code = wait_for(process, terminating, self._end)
        return end.exit_code

    def touch_mount_point(self, host_path):
        if not os.path.lexists(host_path):
            super().touch_mount_point(host_path)

    def _exports(self):
        values = {**self.runtime_values.get("env", {}), **containers.markers()}
        return "".join("export %s=%s\n" % (name, shlex.quote(value)) for name, value in values.items())

    def _image(self):
        return self.runtime_values.get("docker")

    def _notes(self):
        return []

    def _end(self, process):
        end_tree(process)


class _Image(SubprocessBase):
    """Stands in for the base class, which wants an image by default for tasks that name none."""

    def _pull_invocation(self, logger, cleanup):
        image = self.runtime_values["docker"]
        return image, self.cli_exe + ["pull", image]


class LabelledTask(_ContainedTask, PodmanContainer, _Image):
    """Docker takes the same command lines as Podman."""

    def _pull_invocation(self, logger, cleanup):
        image, invocation = super()._pull_invocation(logger, cleanup)
        known = subprocess.run(
            self.cli_exe + ["image", "inspect", image],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return image, ([] if known.returncode == 0 else invocation)

    def _run_invocation(self, logger, cleanup, image):
        invocation = super()._run_invocation(logger, cleanup, image)
        if "--cpus" in invocation:  # reserved, not enforced: often nobody but root may
            at = invocation.index("--cpus")
            del invocation[at : at + 2]
        start = invocation.index("run") + 1
        marks = ["--label", _Shared.label, "--cidfile", self._id_file()]
        marks += ["--env=%s=%s" % mark for mark in containers.markers().items()]
        return invocation[:start] + marks + invocation[start:]

    def _id_file(self):
        return os.path.join(self.host_dir, "container-%d.id" % self.try_counter)

    def _end(self, process):
        try:
            with open(self._id_file(), encoding="ascii") as stream:
                containers.remove(self.cli_exe[0], [stream.read().strip()])
        except (OSError, subprocess.SubprocessError):
            pass  # there is none yet, or none any more
        end_tree(process)


class SingularityTask(_ContainedTask, SingularityContainer, _Image):
    """Singularity and Apptainer; their containers are processes of the run."""

    @classmethod
    def global_init(cls, cfg, logger):
        SingularityContainer.global_init.__func__(cls, cfg, logger)
