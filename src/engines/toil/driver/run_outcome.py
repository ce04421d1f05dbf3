"""What it means that a run, or a job of it, ended with an exception."""

import errno
import json
import logging
import os
import sys

from task_events import now_milliseconds
from wdl_errors import describe

MESSAGE_LIMIT = 4000
OUT_OF_RESOURCES = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE)
RANKS = ("error", "unsupported", "permanentFail")


class RunOutcome:
    """Jobs fail in workers and Toil's leader only hears that they did: their reasons are passed on in a file."""

    def __init__(self, failures, events):
        self._failures = os.open(failures, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        self._events = events
        self._caught = None
        self._said = []

    def job_failed(self, error):
        status, message = meaning(error)
        # All that Toil's exception says of a CWL process that failed.
        if message == "permanentFail" and self._said:
            message = "\n".join(self._said)
        self._write_failure(status, message)

    def worker_failed(self, error):
        self._write_failure("error", "a worker of Toil failed: %s" % describe(error))

    def worker_died(self, signal_number):
        self._write_failure("error", "a worker of Toil was ended by signal %d" % signal_number)

    def _write_failure(self, status, message):
        line = json.dumps({"status": status, "message": message[:MESSAGE_LIMIT]}) + "\n"
        os.write(self._failures, line.encode())

    def hear_worker(self):
        """Toil logs why a worker fails while it handles the exception."""
        logging.getLogger("toil.worker").addHandler(_ExceptionListener(self.job_failed, logging.CRITICAL))
        logging.getLogger("cwltool").addHandler(_MessageListener(self._said.append))

    def hear_leader(self):
        """For CWL, Toil logs the errors that it expects and ends with an exit code."""
        logging.getLogger().addHandler(_ExceptionListener(self.leader_failed, logging.ERROR, "root"))

    def leader_failed(self, error):
        self._caught = self._caught or error

    def conclusion(self, exit_code):
        """(status, message) of the run: see events.ts."""
        if exit_code == 0:
            return "success", ""
        failures = self._read_failures()
        for rank in RANKS:
            for failure in failures:
                if failure["status"] == rank:
                    return rank, failure["message"]
        if self._caught is None:
            return "error", "Toil ended with exit code %d" % exit_code
        status, message = meaning(self._caught)
        return ("invalid" if status == "permanentFail" else status), message[:MESSAGE_LIMIT]

    def _read_failures(self):
        with open(os.dup(self._failures), "rb") as stream:
            stream.seek(0)
            return [json.loads(line) for line in stream.read().splitlines()]

    def end_open_tasks(self, events_path):
        """Tasks of workers that were ended could not tell it themselves."""
        started = []
        with open(events_path, encoding="utf-8") as stream:
            for event in map(json.loads, stream):
                if event["event"] == "task_started":
                    started.append(event["task"])
                elif event["event"] == "task_ended":
                    started.remove(event["task"])
        for task in started:
            facts = {"status": "stopped", "error": "stopped before its end"}
            self._events.write("task_ended", task=task, at=now_milliseconds(), **facts)


class _ExceptionListener(logging.Handler):
    def __init__(self, heard, level, logger_name=None):
        super().__init__(level)
        self._heard = heard
        self._logger_name = logger_name

    def emit(self, record):
        error = sys.exc_info()[1]
        if error is not None and self._logger_name in (None, record.name):
            self._heard(error)


class _MessageListener(logging.Handler):
    """cwltool warns of an expression that fails."""

    def __init__(self, heard):
        super().__init__(logging.WARNING)
        self._heard = heard

    def emit(self, record):
        self._heard(record.getMessage())


def meaning(error):
    """(status, message): permanentFail for what is about the workflow and its inputs, unsupported, or error."""
    error = cause_of(error)
    message = describe(error)
    if isinstance(error, MemoryError) or getattr(error, "errno", None) in OUT_OF_RESOURCES:
        return "error", message
    if _is_unsupported(error):
        return "unsupported", message
    return ("permanentFail" if _is_about_the_request(error) else "error"), message


def cause_of(error):
    """For WDL, Toil prints the error that it handles and exits."""
    while isinstance(error, SystemExit) and error.__context__ is not None:
        error = error.__context__
    return error


def _is_unsupported(error):
    from toil.cwl.utils import CWL_UNSUPPORTED_REQUIREMENT_EXCEPTION

    return isinstance(error, CWL_UNSUPPORTED_REQUIREMENT_EXCEPTION)


def _is_about_the_request(error):
    from toil.batchSystems.abstractBatchSystem import InsufficientSystemResources
    from toil.exceptions import FailedJobsException
    from toil.jobStores.abstractJobStore import InvalidImportExportUrlException
    from toil.lib.exceptions import UnimplementedURLException

    own = (
        FailedJobsException,
        InsufficientSystemResources,
        InvalidImportExportUrlException,
        UnimplementedURLException,
    )
    files = (FileNotFoundError, IsADirectoryError, NotADirectoryError, UnicodeDecodeError)
    return isinstance(error, own + files) or any(
        module in sys.modules and isinstance(error, kinds(sys.modules[module]))
        for module, kinds in LANGUAGE_ERRORS.items()
    )


# Only one of the languages may be loaded.
LANGUAGE_ERRORS = {
    "cwl_utils.errors": lambda module: (module.WorkflowException,),
    "schema_salad.exceptions": lambda module: (module.SchemaSaladException,),
    "requests.exceptions": lambda module: (module.RequestException,),
    "WDL.Error": lambda module: (
        module.SyntaxError,
        module.ImportError,
        module.ValidationError,
        module.MultipleValidationErrors,
        module.RuntimeError,
    ),
}
