"""Errors of WDL documents and their inputs, for people."""


def describe(error):
    """With the place in the document, and with all errors where there are several."""
    from WDL import Error

    if isinstance(error, Error.MultipleValidationErrors):
        return "\n".join(describe(one) for one in error.exceptions)
    text = str(error) or type(error).__name__
    if isinstance(error, Error.ImportError) and error.__cause__ is not None:
        text = "%s: %s" % (text, describe(error.__cause__))
    position = getattr(error, "pos", None)
    if position is None:
        return text
    return "%s line %d column %d: %s" % (position.uri, position.line, position.column, text)
