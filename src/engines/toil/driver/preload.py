"""Loads what Toil's workers need, so that none of them does: they are forked from a process that did."""

import logging


def load(language):
    """What is loaded already costs nothing."""
    import cwltool.main  # noqa: F401, each worker ends with a call to it, of WDL too
    import toil.leader  # noqa: F401
    import toil.worker  # noqa: F401
    from toil.fileStores import cachingFileStore, nonCachingFileStore  # noqa: F401
    from toil.jobStores import fileJobStore  # noqa: F401
    from toil.lib import plugins

    plugins.get_plugin_names("url_access")
    if language == "CWL":
        from toil.cwl import cwltoil  # noqa: F401
    else:
        _load_wdl()


def _load_wdl():
    import docker.errors  # noqa: F401
    import toil.wdl.wdltoil  # noqa: F401
    import WDL.runtime.cache  # noqa: F401
    from WDL.runtime import config

    logger = logging.getLogger("preload")
    for _ in config.load_all_plugins(config.Loader(logger), "cache_backend"):
        pass


def load_schemas():
    """Of all versions of CWL: parsing them takes as long as loading the modules."""
    from cwltool.process import get_schema, use_standard_schema

    for version in ("v1.0", "v1.1", "v1.2"):
        use_standard_schema(version)
        get_schema(version)
