"""Recordings to be archived."""

from tests.archived import plant, s3, samples
from tests.rotating import problems

__all__ = ["plant", "problems", "s3", "samples"]
