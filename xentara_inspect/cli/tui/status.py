"""The first line of the screen: what is shown, of when, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.text import Text

from xentara_inspect.cli.tui.words import clock_text, rate_text
from xentara_inspect.escape import safe
from xentara_inspect.queries.watching import Picture

_PAUSED: Final = (" PAUSED ", "black on yellow")
_LIVE: Final = (" LIVE ", "black on green")
_ENDED: Final = (" ENDED ", "black on cyan")


def status_text(
    labels: Sequence[str], picture: Picture | None, is_live: bool, wanted: str, problem: str
) -> Text:
    """The line. labels: of the recordings; wanted: the filter; problem: why there is no newer picture."""
    text = Text.assemble(" ", (safe(", ".join(labels)), "bold"), "  ")
    if picture is None:
        return text.append(safe(problem) or "reading …")
    text.append(*(_PAUSED if not is_live else _LIVE if picture.is_recorded else _ENDED))
    text.append(f"  {clock_text(picture.time, with_date=True) if picture.time else ''}")
    if problem:
        return text.append(f"  {safe(problem)}", style="bold red")
    text.append(f"  {len(picture.elements)} elements  {rate_text(sum(picture.rates.values())) or '0/s'}")
    if wanted:
        text.append(f"  /{safe(wanted)}", style="yellow")
    if picture.behind:
        text.append(f"  {picture.behind} frames behind", style="magenta")
    return text
