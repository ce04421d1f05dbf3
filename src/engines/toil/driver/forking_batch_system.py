"""A batch system of Toil whose workers are forked copies of a process that has everything loaded.

Registered with Toil under NAME. It has no threads: the leader asks it for ended jobs all the time, and that is
when it starts others. Tasks get the cores and memory that they ask for, within those of the run; the small
jobs by which Toil evaluates a workflow count by number alone.
"""

import collections
import time

from toil.batchSystems.abstractBatchSystem import BatchSystemSupport, UpdatedBatchJobInfo
from toil.batchSystems.registry import add_batch_system_factory

import process_tree

NAME = "wes_forking"
IDLE_SECONDS = 0.02


class _Job:
    def __init__(self, arguments, description, environment):
        self.arguments = arguments
        self.environment = environment
        self.is_small = description.local
        self.cores = description.cores
        self.memory = description.memory
        self.process_id = None
        self.started_at = None


def register(forge, cores, memory_bytes, worker_died):
    """`worker_died(signal_number)` is called for a worker that was killed, which therefore told nothing."""

    class ForkingBatchSystem(BatchSystemSupport):
        @classmethod
        def supportsAutoDeployment(cls):
            return False

        @classmethod
        def supportsWorkerCleanup(cls):
            return True

        def __init__(self, config, maxCores, maxMemory, maxDisk):
            super().__init__(config, cores, memory_bytes, maxDisk)
            self._next_id = 1
            self._waiting = {}
            self._running = {}
            self._updates = collections.deque()

        def issueBatchJob(self, command, job_desc, job_environment=None):
            self.check_resource_request(job_desc)
            job_id = self._next_id
            self._next_id += 1
            # Not from `command`, in which blanks of paths separate words.
            arguments = ["_toil_worker", job_desc.jobName, self.config.jobStore, job_desc.jobStoreID]
            environment = {**self.environment, **(job_environment or {})}
            self._waiting[job_id] = _Job(arguments, job_desc, environment)
            return job_id

        def getUpdatedBatchJob(self, maxWait):
            # With nothing to wait for, it wants to go on; but not to turn in circles.
            is_idle = not self._running and not self._waiting
            deadline = time.monotonic() + (IDLE_SECONDS if is_idle else maxWait)
            while not self._updates:
                self._start_what_fits()
                message = forge.next_message(max(0, deadline - time.monotonic()))
                if message is None:
                    return None
                self._take(*message)
            return self._updates.popleft()

        def _take(self, job_id, what, value):
            job = self._running.get(job_id)
            if job is None:  # it was killed on purpose
                return
            if what == "started":
                job.process_id = value
                return
            del self._running[job_id]
            if value < 0:
                worker_died(-value)
            update = UpdatedBatchJobInfo(
                jobID=job_id,
                exitStatus=value,
                wallTime=time.monotonic() - job.started_at,
                exitReason=None,
            )
            self._updates.append(update)

        def _start_what_fits(self):
            for job_id, job in list(self._waiting.items()):
                if not self._fits(job):
                    continue
                del self._waiting[job_id]
                job.started_at = time.monotonic()
                self._running[job_id] = job
                forge.start(job_id, job.arguments, job.environment)

        def _fits(self, job):
            others = [other for other in self._running.values() if other.is_small == job.is_small]
            if job.is_small:
                return len(others) < max(1, cores)
            return (
                sum(other.cores for other in others) + job.cores <= cores
                and sum(other.memory for other in others) + job.memory <= memory_bytes
            )

        def killBatchJobs(self, jobIDs):
            # The number of what was started must be known.
            while any(job.process_id is None for job in self._running.values()):
                self._take(*forge.next_message(None))
            for job_id in jobIDs:
                self._waiting.pop(job_id, None)
                job = self._running.pop(job_id, None)
                if job is not None:
                    process_tree.end_tree(job.process_id)

        def getIssuedBatchJobIDs(self):
            ended = [update.jobID for update in self._updates]
            return [*self._waiting, *self._running, *ended]

        def getRunningBatchJobIDs(self):
            now = time.monotonic()
            return {job_id: now - job.started_at for job_id, job in self._running.items()}

        def shutdown(self):
            self.killBatchJobs(self.getIssuedBatchJobIDs())
            self.workerCleanup(self.workerCleanupInfo)

    add_batch_system_factory(NAME, lambda: ForkingBatchSystem)
