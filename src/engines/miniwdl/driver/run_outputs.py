"""What a run leaves: its files below one directory, and the output object."""

import json
import os

import result_cache


def write(options, result):
    """The object names each file by `output_prefix` and its path below the directory of outputs."""
    import WDL

    name, outputs = result
    # miniwdl made a directory with a place of its own for each output, of hard links to the files.
    made = os.path.join(options.run_directory, result_cache.OUT)
    if os.path.isdir(made):
        os.rename(made, options.outputs)
    files = []

    # Of a task that was run alone and whose results were kept, miniwdl gives those.
    kept = os.path.join(options.run_directory, result_cache.KEPT)

    def refer(value):
        absolute = value.value.rstrip("/")
        path = os.path.relpath(absolute, kept if absolute.startswith(kept + "/") else made)
        files.extend(files_of(options.outputs, path))
        return options.output_prefix + path

    named = WDL.Value.rewrite_env_paths(outputs, refer)
    text = json.dumps({"object": WDL.values_to_json(named, namespace=name), "files": files})
    write_whole(options.outputs_object, text)


def files_of(directory, path):
    """The file, or all files of the directory, relative to `directory`."""
    absolute = os.path.join(directory, path)
    if not os.path.isdir(absolute):
        yield path
        return
    for place, _, names in os.walk(absolute):
        for name in sorted(names):
            yield os.path.relpath(os.path.join(place, name), directory)


def write_whole(path, text):
    """The file appears complete or not at all."""
    unfinished = path + ".part"
    with open(unfinished, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(unfinished, path)
