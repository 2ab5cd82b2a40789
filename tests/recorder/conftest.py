"""What journals complain of."""

from tests.rotating import problems

__all__ = ["problems"]
