"""The documents and inputs of a run, kept within its directory and the allowed roots.

The commands of tasks run as ordinary processes and are not held back by this; it is there for what the
engine reads on a document's behalf.
"""

import os

REMOTE = ("http://", "https://", "ftp://")


def confined_reader(roots, elsewhere=None):
    """A function, as WDL.load wants it, that reads documents below the roots and from the web, but for those
    that lie elsewhere (see elsewhere.py)."""
    import WDL
    from WDL.Error import InputError

    async def read_source(address, path, importer):
        place = address if importer is None else beside(importer.pos.abspath, address)
        if elsewhere is not None and elsewhere.holds(place):
            raise InputError(elsewhere.miss(address))
        if address.startswith(REMOTE[:2]):
            return await read_web(address)
        resolved = await WDL.resolve_file_import(address, path, importer)
        if resolved.startswith(REMOTE[:2]):
            return await read_web(resolved)
        require_inside(resolved, roots)
        return await WDL.read_source_default(resolved, [], None)

    return read_source


def beside(importer, address):
    """`address` as the document at `importer` means it."""
    if address.startswith(REMOTE + ("file://",)):
        return address
    return os.path.join(os.path.dirname(importer), address)


async def read_web(address):
    import urllib.request

    import WDL

    with urllib.request.urlopen(address, timeout=60) as answer:
        text = answer.read().decode("utf-8")
    return WDL.ReadSourceResult(source_text=text, abspath=address)


def read(target, values, roots, elsewhere=None):
    """The inputs as miniwdl wants them: names with and without the workflow's, files by their true paths."""
    import WDL

    inputs = WDL.values_from_json(
        values, target.available_inputs, target.required_inputs, namespace=target.name
    )
    return locate_files(inputs, roots, elsewhere)


def locate_files(inputs, roots, elsewhere=None):
    """The inputs with the true path of each file; raises InputError for one that is outside or not there. Those
    that lie elsewhere are not looked for."""
    import WDL
    from WDL.Error import InputError

    def locate(value):
        address = value.value
        if address.startswith(REMOTE) or (elsewhere is not None and elsewhere.is_remote(address)):
            return address
        path = os.path.abspath(address[len("file://") :] if address.startswith("file://") else address)
        require_inside(path, roots)
        if elsewhere is not None and elsewhere.holds(path):
            return path
        is_directory = isinstance(value, WDL.Value.Directory)
        if not (os.path.isdir(path) if is_directory else os.path.isfile(path)):
            kind = "directory" if is_directory else "file"
            raise InputError("the input %s '%s' was not found; attach it to the request" % (kind, address))
        return path

    return WDL.Value.rewrite_env_paths(inputs, locate)


def require_inside(path, roots):
    from WDL.Error import InputError

    if not is_inside(path, roots):
        raise InputError(
            "'%s' lies outside the run's directory; attach the file to the request or name it by an "
            "http(s) address" % path
        )


def is_inside(path, roots):
    """Whether the file that `path` leads to, through all symbolic links, lies below a root."""
    real = os.path.realpath(path)
    return any(
        real == root or real.startswith(root.rstrip("/") + "/") for root in map(os.path.realpath, roots)
    )
