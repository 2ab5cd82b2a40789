"""Recordings to be archived."""

from tests.archived import plant, s3, samples

__all__ = ["plant", "s3", "samples"]
