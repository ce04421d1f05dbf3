"""Where the logs of tasks lie; each worker finds numbers of its own for its tasks."""

import os


def new_task(tasks):
    """(id, directory): a number that no task of the run has yet, and its directory."""
    number = len(os.listdir(tasks))
    while True:
        number += 1
        directory = os.path.join(tasks, str(number))
        try:
            os.mkdir(directory)
        except FileExistsError:
            continue
        return str(number), directory
