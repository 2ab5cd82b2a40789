"""Records, decodes and explains the WebSocket traffic of Xentara."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xentara_inspect.notation.messages import annotate

__all__ = ["annotate"]


def __getattr__(name: str) -> Any:
    """Import `annotate` when it is first asked for: importing the package must stay cheap."""
    if name == "annotate":
        from xentara_inspect.notation.messages import annotate

        return annotate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
