"""What a run leaves: the files that were asked for, below one directory, and the object that names them.

Snakemake has no object of outputs. It is made of what the run was to bring about: the files of the target
rules (their outputs, or the inputs of a rule without any, as `rule all`) under the names that the rule gives
them, and those without a name, or asked for as files, as `targets`.
"""

import json
import os
import shutil

UNNAMED = "targets"


class TargetRefused(Exception):
    pass


def write(options, dag):
    execution = os.getcwd()
    linked = {}
    named = {}
    for name, path, is_list in targets_of(dag):
        files = files_at(path, execution)
        if files is None:
            continue
        for inside in files:
            if inside not in linked:
                link(os.path.join(execution, inside), os.path.join(options.outputs, inside), options)
                linked[inside] = options.output_prefix + inside
        is_directory = os.path.isdir(path)
        entry = named.setdefault(name, {"files": [], "is_list": is_list or is_directory})
        entry["is_list"] = entry["is_list"] or bool(entry["files"])
        entry["files"].extend(linked[inside] for inside in files)
    result = {name: value(**entry) for name, entry in sorted(named.items())}
    write_whole(options.outputs_object, json.dumps({"object": result, "files": sorted(linked)}))


def value(files, is_list):
    unique = list(dict.fromkeys(files))
    return unique if is_list or len(unique) != 1 else unique[0]


def targets_of(dag):
    """(name, path, whether it is one of several under the name)."""
    for path in sorted(map(str, dag.targetfiles)):
        yield UNNAMED, path, True
    of_rules = [job for job in dag.targetjobs if job.rule in dag.targetrules]
    for job in sorted(of_rules, key=lambda job: (job.rule.name, str(job.wildcards_dict))):
        for name, item in (job.output or job.input)._allitems():
            paths = [item] if isinstance(item, str) else item
            for path in paths:
                if not is_elsewhere(path):
                    yield name or UNNAMED, str(path), name is None or paths is item


def is_elsewhere(path):
    """What Snakemake keeps in a storage of its own is not collected."""
    return getattr(path, "is_storage", False) or getattr(path, "is_remote", False)


def files_at(path, execution):
    """Paths below the working directory; None for what is not there any more, as temporary files."""
    inside = os.path.relpath(path, execution)
    require_inside(inside, path)
    if not os.path.lexists(path):
        return None
    real = os.path.realpath(execution)
    if not os.path.isdir(path):
        require_inside(os.path.relpath(os.path.realpath(path), real), path)
        return [inside]
    return sorted(
        os.path.relpath(os.path.join(place, name), execution)
        for place, _, names in os.walk(path)
        for name in names
        if name != ".snakemake_timestamp"
    )


def require_inside(relative, path):
    if relative == os.pardir or relative.startswith(os.pardir + os.sep):
        raise TargetRefused("The target '%s' lies outside the run's directory; make it below it." % path)


def link(source, place, options):
    """The file itself, where a link leads to it; on another file system a copy."""
    real = os.path.realpath(source)
    require_inside(os.path.relpath(real, os.path.realpath(options.run_root)), os.path.relpath(source))
    if not os.path.isfile(real):
        raise TargetRefused("The target '%s' is not a regular file." % os.path.relpath(source))
    os.makedirs(os.path.dirname(place), exist_ok=True)
    try:
        os.link(real, place)
    except OSError:
        shutil.copyfile(real, place)


def write_whole(path, text):
    """The file appears complete or not at all."""
    unfinished = path + ".part"
    with open(unfinished, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(unfinished, path)
