"""What a run leaves: its files below one directory, and the output object that names them."""

import json
import os
import urllib.parse
import urllib.request


def write_cwl(options, outputs):
    """Toil put the files into the directory of outputs."""
    files = []
    write(options, _convert_cwl(outputs, options, files), files)


def _convert_cwl(value, options, files):
    if isinstance(value, list):
        return [_convert_cwl(item, options, files) for item in value]
    if not isinstance(value, dict):
        return value
    converted = {key: _convert_cwl(item, options, files) for key, item in value.items()}
    location = value.get("location")
    is_local = isinstance(location, str) and location.startswith("file:")
    if value.get("class") in ("File", "Directory") and is_local:
        path = urllib.request.url2pathname(urllib.parse.urlsplit(location).path)
        inside = os.path.relpath(path, options.outputs)
        converted.pop("path", None)
        converted["location"] = options.output_prefix + inside
        # A Directory's files are in its listing.
        if value["class"] == "File":
            files.append(inside)
    return converted


def write_wdl(options, outputs, made):
    """Toil put the files below `made`, at places of its own choice: each output gets a place by its name."""
    files = []
    converted = {
        name: _place(value, [name.partition(".")[2] or name], options, made + "/", files)
        for name, value in outputs.items()
    }
    write(options, converted, files)


def _place(value, place, options, made, files):
    if isinstance(value, list):
        return [
            _place(item, [*place, str(index)], options, made, files) for index, item in enumerate(value)
        ]
    if isinstance(value, dict):
        return {
            key: _place(item, [*place, key], options, made, files) for key, item in value.items()
        }
    if not (isinstance(value, str) and value.startswith(made) and os.path.exists(value)):
        return value
    path = value.rstrip("/")
    inside = "/".join([*(part.replace("/", "_") for part in place), os.path.basename(path)])
    files.extend(_link(path, inside, options.outputs))
    return options.output_prefix + inside


def _link(path, inside, outputs):
    """Links the file, or all files of the directory; gives their paths below the outputs."""
    if not os.path.isdir(path):
        target = os.path.join(outputs, inside)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.link(path, target)
        yield inside
        return
    os.makedirs(os.path.join(outputs, inside), exist_ok=True)
    for name in sorted(os.listdir(path)):
        yield from _link(os.path.join(path, name), inside + "/" + name, outputs)


def write(options, converted, files):
    """The file appears complete or not at all."""
    unfinished = options.outputs_object + ".part"
    with open(unfinished, "w", encoding="utf-8") as stream:
        json.dump({"object": converted, "files": files}, stream)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(unfinished, options.outputs_object)
