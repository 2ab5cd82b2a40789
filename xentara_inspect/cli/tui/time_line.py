"""A recording as a line to go along."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from xentara_inspect.cli.tui.words import clock_text

_DAY = 86_400 * 10**9


class TimeLine(Widget):
    """From the first to the last frame, with the time that is shown. Nanoseconds since 1970.

    Keys to go along are those of the app.
    """

    first: reactive[int] = reactive(0)
    last: reactive[int] = reactive(0)
    time: reactive[int] = reactive(0)

    class Chosen(Message):
        """Somebody clicked at a time."""

        def __init__(self, moment: int) -> None:
            super().__init__()
            self.moment = moment

    @property
    def step(self) -> int:
        """How much time a place on the line stands for."""
        return max((self.last - self.first) // max(self._width - 1, 1), 1)

    def render(self) -> Text:
        """The line with its ends."""
        if not self.last:
            return Text(" nothing is recorded yet", style="dim")
        place = min(max(round((self.time - self.first) / self.step), 0), self._width - 1)
        begin, end = self._ends
        return Text.assemble(
            (begin, "dim"),
            ("━" * place, "cyan"),
            ("●", "bold"),
            ("─" * (self._width - 1 - place), "dim"),
            (end, "dim"),
        )

    def on_click(self, event: events.Click) -> None:
        """Go to the time at a place."""
        place = event.x - len(self._ends[0])
        if self.last:
            self.post_message(self.Chosen(self.first + self.step * min(max(place, 0), self._width - 1)))

    @property
    def _ends(self) -> tuple[str, str]:
        with_date = self.last - self.first >= _DAY
        begin, end = (
            clock_text(time, with_date=with_date)[: -len(".000Z")] for time in (self.first, self.last)
        )
        return f" {begin} ", f" {end} "

    @property
    def _width(self) -> int:
        return max(self.size.width - sum(map(len, self._ends)), 2)
