"""Fetches inputs from the web: for miniwdl a task like others, whose command is this file.

    python3 web_download.py ADDRESS DIRECTORY
"""

import os
import sys
import urllib.parse
import urllib.request

TIMEOUT_SECONDS = 60
BLOCK_BYTES = 1024 * 1024

# Python and this file come as inputs: where they lie is nobody's business who reads the workflow.
TASK = """
task download {
    input {
        String uri
        String python
        String program
    }
    command <<<
        mkdir fetched && '~{python}' -I '~{program}' '~{uri}' fetched
    >>>
    output {
        File file = glob("fetched/*")[0]
    }
}
"""


def download(cfg, logger, uri, **_):
    """A coroutine, as miniwdl's file_download plugins are."""
    if "'" in uri:
        raise ValueError("the address %s has a quote in it" % uri)
    inputs = {"uri": uri, "python": sys.executable, "program": os.path.abspath(__file__)}
    answer = yield {"task_wdl": TASK, "inputs": inputs}
    yield answer


def fetch(address, directory):
    name = os.path.basename(urllib.parse.unquote(urllib.parse.urlsplit(address).path)) or "file"
    with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer:
        expected = answer.headers.get("Content-Length")
        received = 0
        with open(os.path.join(directory, name), "wb") as stream:
            while block := answer.read(BLOCK_BYTES):
                stream.write(block)
                received += len(block)
    if expected is not None and received != int(expected):
        raise OSError("only %d of %s bytes came from %s" % (received, expected, address))


if __name__ == "__main__":
    try:
        fetch(sys.argv[1], sys.argv[2])
    except (OSError, ValueError) as error:
        print("%s could not be fetched: %s" % (sys.argv[1], error), file=sys.stderr)
        sys.exit(1)
