"""Where final outputs go when several have the same name, as those of a scatter mostly do.

cwltool would rename a second `report.html` to `report.html_2`, which takes it away from its secondary
files and its suffix, would lose it altogether in some versions, and would merge directories of one name
into each other. Here the second one keeps its name and goes into a directory `2`.
"""

import os


def separating_path_mapper(outputs_directory, base=None):
    """A class, as cwltool wants it; only the mapping of the final outputs differs from the original."""
    from cwltool.pathmapper import PathMapper

    class SeparatingPathMapper(base or PathMapper):
        def setup(self, referenced_files, basedir):
            super().setup(referenced_files, basedir)
            if self.stagedir == outputs_directory:
                separate(self, referenced_files)

    return SeparatingPathMapper


def separate(mapper, outputs):
    """Gives a place of its own to each output, together with all that belongs to it."""
    taken = {}
    for output in outputs:
        members = {location: mapper.mapper(location) for location in locations_of(output)}
        number = 1
        while not _is_free(taken, members, mapper.stagedir, number):
            number += 1
        if number > 1:
            taken[os.path.join(mapper.stagedir, str(number))] = "directory of outputs"
        for location, entry in members.items():
            target = _place(entry.target, mapper.stagedir, number)
            taken[target] = location
            mapper.update(location, entry.resolved, target, entry.type, entry.staged)


def locations_of(output):
    """Of a File or Directory object, its secondary files and its listing."""
    yield output["location"]
    for key in ("secondaryFiles", "listing"):
        for member in output.get(key) or []:
            yield from locations_of(member)


def _is_free(taken, members, directory, number):
    if number > 1:
        owner = taken.get(os.path.join(directory, str(number)), "directory of outputs")
        if owner != "directory of outputs":
            return False
    return all(
        taken.get(_place(entry.target, directory, number), location) == location
        for location, entry in members.items()
    )


def _place(target, directory, number):
    if number == 1:
        return target
    return os.path.join(directory, str(number), os.path.relpath(target, directory))
