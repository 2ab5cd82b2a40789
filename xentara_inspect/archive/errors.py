"""What can be wrong with an archive."""

from __future__ import annotations


class ArchiveError(Exception):
    """An archive cannot be reached, read or written, or is not what it should be. One clear line."""
