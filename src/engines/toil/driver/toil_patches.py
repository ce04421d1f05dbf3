"""What is changed in Toil itself, for both languages, in the leader and in all workers."""

import contextlib
import urllib.request

from process_tree import end_all_on_sigterm


def apply(guard, end_all):
    from toil import common

    _keep_our_end(common.Toil, end_all)
    # It listens to everybody who can reach the machine, and nobody uses it.
    common.RealtimeLogger = lambda *_arguments, **_keywords: contextlib.nullcontext()
    _guard_imports(guard)
    _guard_results(guard)
    _keep_logs_apart()
    _end_nothing_twice()


def _keep_our_end(toil_class, end_all):
    """Toil's own handler of SIGTERM cleans up for seconds what is removed with the run."""
    enter = toil_class.__enter__

    def enter_and_keep_handler(self):
        entered = enter(self)
        end_all_on_sigterm(end_all)
        return entered

    toil_class.__enter__ = enter_and_keep_handler


def _guard_imports(guard):
    """All that Toil reads by a `file:` address passes its register of schemes."""
    from toil.jobStores.fileJobStore import FileJobStore
    from toil.lib.plugins import register_plugin

    class GuardedFiles(FileJobStore):
        @classmethod
        def _supports_url(cls, url, export=False):
            guard.require(urllib.request.url2pathname(url.path))
            return super()._supports_url(url, export)

    register_plugin("url_access", "file", lambda: GuardedFiles)


def _guard_results(guard):
    """A link that a task leaves as its result leads nowhere outside."""
    from toil.fileStores.nonCachingFileStore import NonCachingFileStore

    write = NonCachingFileStore.writeGlobalFile

    def write_guarded(self, localFileName, *arguments, **keywords):
        guard.require(localFileName)
        return write(self, localFileName, *arguments, **keywords)

    NonCachingFileStore.writeGlobalFile = write_guarded


def _keep_logs_apart():
    """What tasks print is in their own logs: Toil would put all of it into the run's as well."""
    from toil.fileStores.abstractFileStore import AbstractFileStore

    AbstractFileStore.log_user_stream = lambda _self, _name, stream: stream.close()


def _end_nothing_twice():
    """Toil has cwltool end what a job left; after a container that fails itself, with a NameError.

    What tasks left is ended with the run, containers by their label.
    """
    import cwltool.main

    cwltool.main._terminate_processes = lambda: None
