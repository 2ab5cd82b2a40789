"""A progress bar on stderr, where that is a terminal."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.progress import Progress


def progress_bar() -> Progress:
    """A bar that vanishes when it is done; elsewhere than on a terminal it prints nothing at all."""
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)


def counting(progress: Progress, what: str) -> Callable[[int, int], None]:
    """A bar of its own for what counts up. Returns what takes how much is done, and of how much."""
    task = progress.add_task(what, total=None)
    return lambda done, total: progress.update(task, completed=done, total=total)
