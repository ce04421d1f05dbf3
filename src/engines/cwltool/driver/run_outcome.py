"""Finds out how a run ended, from what cwltool raised and logged, so that nobody reads its log text."""

import errno
import logging
import re
import sys
import threading

MESSAGE_LIMIT = 4000
TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
OUT_OF_RESOURCES = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE)
EXIT_UNSUPPORTED = 33  # cwltool's own exit code for a requirement that it can't satisfy


class RunOutcome:
    def __init__(self):
        self.log_handler = _ErrorRecorder(self)
        self._lock = threading.Lock()
        self._task_of_thread = threading.local()
        self._errors = []
        self._machine_failed = False
        self._execution_began = False
        self._process_status = None

    def execution_began(self):
        self._execution_began = True

    def execution_ended(self, process_status):
        self._process_status = process_status

    def escaped(self, error):
        """Something was raised that cwltool did not make a message of."""
        self.error_seen(str(error) or type(error).__name__, error)
        self._machine_failed = self._machine_failed or not _is_about_the_request(error)

    def watch_thread(self, task):
        """Errors that this thread logs from now on belong to `task` (None: to the run)."""
        self._task_of_thread.current = task

    def error_seen(self, message, error):
        plain = TERMINAL_COLOURS.sub("", message).strip()
        task = getattr(self._task_of_thread, "current", None)
        if task is not None:
            task.error_seen(plain, error)
        if task is None or _is_out_of_resources(error):
            with self._lock:
                self._errors.append(plain)
                self._machine_failed = self._machine_failed or self._is_of_the_machine(error)

    def _is_of_the_machine(self, error):
        """A document can make the loader stumble in any way; once tasks run, what it raises is a fault."""
        if error is None or _is_about_the_request(error):
            return False
        return self._execution_began or isinstance(error, (OSError, MemoryError))

    def conclusion(self, exit_code):
        """(status, message): success, permanentFail, unsupported, invalid (never began) or error."""
        return self._status(exit_code), "\n".join(self._errors)[:MESSAGE_LIMIT]

    def _status(self, exit_code):
        if exit_code == 0 and self._process_status == "success":
            return "success"
        if self._machine_failed:
            return "error"
        if exit_code == EXIT_UNSUPPORTED:
            return "unsupported"
        if not self._execution_began:
            return "invalid"
        return "permanentFail"


class _ErrorRecorder(logging.Handler):
    """Hears cwltool's log. A record made while an exception is handled tells by it what went wrong."""

    def __init__(self, outcome):
        super().__init__(logging.ERROR)
        self._outcome = outcome

    def emit(self, record):
        self._outcome.error_seen(record.getMessage(), sys.exc_info()[1])


def _is_about_the_request(error):
    from cwltool.errors import WorkflowException
    from requests.exceptions import RequestException
    from schema_salad.exceptions import SchemaSaladException

    if isinstance(error, (WorkflowException, SchemaSaladException, RequestException)):
        return True
    return isinstance(error, (FileNotFoundError, IsADirectoryError, NotADirectoryError))


def _is_out_of_resources(error):
    return isinstance(error, OSError) and error.errno in OUT_OF_RESOURCES
