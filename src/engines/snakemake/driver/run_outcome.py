"""What Snakemake says of errors, and what they make of the run."""

import errno
import os
import re
import sys
import threading

MESSAGE_LIMIT = 4000
OUT_OF_RESOURCES = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE)
TRACEBACK = "Traceback (most recent call last)"
FRAME = re.compile(r'^\s*File ".*", line \d+, in ')
OF_TRACEBACKS = (" ", TRACEBACK, "During handling of the above", "The above exception was")
# What it says at last, when everything was said.
NOISE = ("Exiting because a job execution failed", "At least one job did not complete successfully")


class RunOutcome:
    def __init__(self):
        self._errors = []
        self._of_thread = threading.local()

    def error_logged(self, message):
        error = getattr(self._of_thread, "error", None)
        self._of_thread.was_told = True
        text = plain(message)
        if text and not any(noise in text for noise in NOISE):
            self._errors.append((text, error, TRACEBACK in str(message)))

    def while_told(self, error, tell):
        """`tell` logs the error. Of some Snakemake only prints the traceback; over others it stumbles itself."""
        self._of_thread.error = error
        self._of_thread.was_told = False
        try:
            tell()
        except Exception:
            print(describe(error), file=sys.stderr)
        finally:
            self._of_thread.error = None
        if not self._of_thread.was_told:
            self.escaped(error)

    def escaped(self, error):
        self._errors.append((describe(error), error, not isinstance(error, SyntaxError)))

    def conclusion(self, succeeded, tasks):
        """(status, message): success, permanentFail, invalid (refused before a task ran) or error."""
        message = "\n".join(dict.fromkeys(text for text, _, _ in self._errors))[:MESSAGE_LIMIT]
        if succeeded:
            return "success", ""
        if any(is_of_the_machine(error) for _, error, _ in self._errors):
            return "error", message
        if tasks.any_failed:
            return "permanentFail", message
        if not tasks.any_began:
            return "invalid", message
        # A workflow can make Snakemake stumble in any way; once jobs run, a bare traceback is a fault.
        is_fault = any(is_bare for _, _, is_bare in self._errors)
        return ("error" if is_fault else "permanentFail"), message


def is_of_the_machine(error):
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, OSError) and error.errno in OUT_OF_RESOURCES


def describe(error):
    text = plain(error)
    if isinstance(error, SyntaxError) and error.lineno is not None:
        place = plain(error.filename or "the Snakefile")
        return "SyntaxError in line %d of %s: %s" % (error.lineno, place, plain(error.msg))
    return "%s: %s" % (type(error).__name__, text) if text else type(error).__name__


def plain(message):
    """Snakemake's words without frames of tracebacks and without the directory of the run."""
    text = str(message).replace(working_directory() + os.sep, "")
    lines = [line.rstrip() for line in text.split("\n") if line.strip() and not FRAME.match(line)]
    if any(TRACEBACK in line for line in lines):
        lines = [line for line in lines if not line.startswith(OF_TRACEBACKS)]
    return "\n".join(lines)[:MESSAGE_LIMIT]


def working_directory():
    try:
        return os.getcwd()
    except OSError:  # it was removed while the run went on
        return ""
