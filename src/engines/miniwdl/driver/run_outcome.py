"""What it means that a run ended with an exception."""

import errno

from wdl_errors import describe

MESSAGE_LIMIT = 4000
OUT_OF_RESOURCES = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE)


def conclusion(error):
    """(status, message): invalid (refused before a task ran), permanentFail, or error (the machine's)."""
    from WDL import Error
    from WDL.runtime.error import RunFailed

    failed = isinstance(error, RunFailed)
    cause = error
    where = None
    while isinstance(cause, RunFailed):
        where = cause
        cause = cause.__cause__ or RuntimeError(str(cause))
    if isinstance(cause, OSError) and cause.errno in OUT_OF_RESOURCES:
        return "error", str(cause)
    if failed:
        is_known = isinstance(cause, (Error.RuntimeError, Error.ValidationError))
        message = "%s: %s" % (name_of(where), describe(cause))
        return ("permanentFail" if is_known else "error"), message[:MESSAGE_LIMIT]
    refusals = (
        Error.SyntaxError,
        Error.ImportError,
        Error.ValidationError,
        Error.MultipleValidationErrors,
        Error.RuntimeError,
        FileNotFoundError,
        UnicodeDecodeError,
    )
    if isinstance(cause, refusals):
        return "invalid", describe(cause)[:MESSAGE_LIMIT]
    return "error", describe(cause)[:MESSAGE_LIMIT]


def name_of(run_failed):
    kind = "Task" if type(run_failed.exe).__name__ == "Task" else "Workflow"
    return "%s '%s'" % (kind, run_failed.exe.name)
