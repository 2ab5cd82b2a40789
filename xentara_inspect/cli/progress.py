"""A progress bar on stderr, where that is a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.progress import Progress


def progress_bar() -> Progress:
    """A bar that vanishes when it is done; elsewhere than on a terminal it prints nothing at all."""
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)
