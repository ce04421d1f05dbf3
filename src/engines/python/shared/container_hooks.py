"""What this service adds to cwltool's ways of running containers."""

import contextlib
import os
import shutil

import containers

# They put images under names of the workflow's choice where those of all runs are.
REFUSED = ("dockerFile", "dockerLoad", "dockerImport")


class ContainerHooks:
    def __init__(self, options):
        self._runtime = options.containers
        self._label = options.container_label
        self._programs = os.path.join(os.path.abspath(options.run_root), "programs")
        self._program = None

    def adapt(self, arguments):
        """Makes cwltool's parsed arguments fit the runtime, and the runtime fit cwltool."""
        if self._runtime in containers.LABELLED:
            self._program = containers.labelling_program(self._runtime, self._label, self._programs)
        if self._runtime == "podman" and os.geteuid() == 0:
            # With this option cwltool maps users in a way that Podman refuses to root.
            arguments.podman = False
        if self._runtime == "apptainer" and shutil.which("singularity") is None:
            os.makedirs(self._programs, exist_ok=True)
            os.symlink(shutil.which("apptainer"), os.path.join(self._programs, "singularity"))
            os.environ["PATH"] = self._programs + os.pathsep + os.environ["PATH"]

    def prepare(self, job):
        """Marks a job, and what it runs, as part of this run."""
        job.environment.update(containers.markers())
        if not self._is_contained(job):
            return
        self._refuse_own_images(job)
        if self._program is not None:
            job.docker_exec = self._program
            # Its own waits a second before it looks whether the task has ended, and adds a process that
            # measures. Where cwltool is compiled it can't be replaced, and tasks take that second.
            with contextlib.suppress(AttributeError):
                job.docker_monitor = lambda *arguments: arguments[-1].wait()

    def on_host(self, job, target):
        """Where a path of the task is on this machine; None when it is in the container only."""
        if not self._is_contained(job):
            return target
        inside = job.builder.outdir
        if target != inside and not target.startswith(inside + "/"):
            return None
        return job.outdir + target[len(inside) :]

    def image(self, job):
        if not self._is_contained(job):
            return None
        return self._requirement(job).get("dockerPull") or self._requirement(job).get("dockerImageId")

    def _is_contained(self, job):
        from cwltool.job import ContainerCommandLineJob

        return isinstance(job, ContainerCommandLineJob)

    def _requirement(self, job):
        docker, _ = job.get_requirement("DockerRequirement")
        return docker or {}

    def _refuse_own_images(self, job):
        from cwltool.errors import UnsupportedRequirement

        for field in REFUSED:
            if field in self._requirement(job):
                raise UnsupportedRequirement(
                    "DockerRequirement.%s is not supported here; name an image of a registry in dockerPull"
                    % field
                )
