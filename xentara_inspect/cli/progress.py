"""A progress bar on stderr, where that is a terminal."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.progress import Progress, ProgressColumn, Task
from rich.text import Text

from xentara_inspect.escape import safe


class _What(ProgressColumn):
    """What is done: a name of a file may have control characters in it, and what rich takes for markup."""

    def render(self, task: Task) -> Text:
        return Text(safe(task.description), style="progress.description")


def progress_bar() -> Progress:
    """A bar that vanishes when it is done; elsewhere than on a terminal it prints nothing at all."""
    console = Console(stderr=True)
    columns = _What(), *Progress.get_default_columns()[1:]
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def counting(progress: Progress, what: str) -> Callable[[int, int], None]:
    """A bar of its own for what counts up. Returns what takes how much is done, and of how much."""
    task = progress.add_task(what, total=None)
    return lambda done, total: progress.update(task, completed=done, total=total)
