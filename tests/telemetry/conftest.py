"""Recordings that go on."""

from tests.rotating import problems

__all__ = ["problems"]
