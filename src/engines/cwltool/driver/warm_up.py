"""Loads all that runs need, for a fork server: the modules, and the schemas of each version of CWL.

Parsing the schemas takes as long as loading the modules. cwltool keeps them as long as nobody makes it
start anew, which is what `keep_schemas` is for.
"""

import contextlib
import io
import json
import os
import tempfile

import workflow_run

VERSIONS = ("v1.0", "v1.1", "v1.2")


def warm_up():
    with tempfile.TemporaryDirectory(prefix="wes-warm-up-") as directory:
        for version in VERSIONS:
            _validate(directory, version)


def _validate(directory, version):
    from cwltool.main import main as cwltool_main

    tool = {
        "cwlVersion": version,
        "class": "CommandLineTool",
        "requirements": {"InlineJavascriptRequirement": {}},
        "baseCommand": "true",
        "inputs": {"file": "File?"},
        "outputs": {"made": "stdout"},
    }
    path = os.path.join(directory, version + ".cwl")
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(tool, stream)
    with contextlib.redirect_stderr(io.StringIO()) as said:
        code = cwltool_main(
            ["--validate", "--quiet", path],
            stdout=io.StringIO(),
            stderr=said,
            custom_schema_callback=workflow_run.keep_schemas,
        )
    if code != 0:
        raise RuntimeError("cwltool does not validate %s: %s" % (version, said.getvalue()))


def run(arguments):
    return workflow_run.run(arguments, schemas_are_loaded=True)
