"""Keeps the archiving process running beside the proxy, which never waits for an archive."""

from __future__ import annotations

from typing import Final

from xentara_inspect.store.supervision import Companion, Supervision, Tell

UNDECODED: Final = "--undecoded"
"""Argument of the process: no indexer follows that files would wait for."""

_MODULE: Final = "xentara_inspect.archive.process"


def keep_archiving(path: str, where: str, site: str, *, undecoded: bool, on_news: Tell) -> Companion:
    """Archive the files of a recording while it goes on; the next process goes on with what is not archived.

    where, site: the archive, and what it calls this plant. on_news: as of `Companion`.
    """
    arguments = [path, where, site, *([UNDECODED] if undecoded else [])]
    supervision = Supervision("archiving", "what is not archived is kept")
    return Companion(_MODULE, lambda: arguments, supervision, on_news)
