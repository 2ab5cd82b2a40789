"""Numbers in words: how many, how long."""

from __future__ import annotations

from xentara_inspect.web.times import MILLISECOND, MINUTE, SECOND


def counted(count: int, noun: str, nouns: str = "") -> str:
    """So many of something. nouns: of several, where that is not the noun and an s."""
    return f"{count:,} {noun if count == 1 else nouns or f'{noun}s'}"


def duration(length: float) -> str:
    """How long nanoseconds are, in two units at most."""
    if length < MINUTE:
        return latency(length / MILLISECOND)
    minutes, seconds = divmod(int(length // SECOND), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {seconds:02} s"


def latency(milliseconds: float) -> str:
    """Milliseconds with their unit, in three digits or so."""
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.3g} s" if milliseconds < 100_000 else f"{milliseconds / 1000:.0f} s"
    if milliseconds and milliseconds < 0.01:
        return f"{milliseconds * 1000:.2g} µs"
    return f"{milliseconds:.3g} ms"
