"""What stands beside the plant: sessions, errors and findings, and one thing in detail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.text import Text
from textual.containers import ScrollableContainer
from textual.widgets import DataTable, Static

from xentara_inspect.cli.output import severity_style
from xentara_inspect.cli.show import text_lines
from xentara_inspect.cli.tui.words import DIM, clock_text, cut, iso_clock, name_of, quality_text, value_text
from xentara_inspect.escape import safe
from xentara_inspect.queries.values import Row, iso_time
from xentara_inspect.queries.watching import QUALITY, Element, Picture

_ATTRIBUTE: Final = 24
"""Places that the name of an attribute may take."""


class _List(DataTable[Text]):
    """Rows of one kind. Cells are texts, in which nothing is taken for markup."""

    titles: ClassVar[tuple[str, ...]] = ()

    def __init__(self, id: str, classes: str) -> None:  # noqa: A002 - as widgets call it
        super().__init__(id=id, classes=classes, cursor_type="row", show_cursor=False)
        self._shown: list[tuple[Text, ...]] = []
        self._names: list[str | None] = []

    def on_mount(self) -> None:
        """Columns stay; rows come and go."""
        self.add_columns(*self.titles)

    def on_focus(self) -> None:
        """Where the cursor is counts now."""
        self.show_cursor = True

    def on_blur(self) -> None:
        """The colours of a line tell more than where the cursor was."""
        self.show_cursor = False

    def fill(self, rows: Iterable[tuple[Text, ...]], names: Sequence[str | None]) -> None:
        """Show rows instead of those before; the cursor stays with what it was on."""
        cells = list(rows)
        if cells == self._shown:
            return
        before = self.chosen
        at_top = self.cursor_row == 0
        self._shown, self._names = cells, list(names)
        self.clear()
        self.add_rows(cells)
        if not at_top and before in self._names:
            self.move_cursor(row=self._names.index(before), animate=False)

    @property
    def chosen(self) -> str | None:
        """The name of what is under the cursor, as `show` takes it."""
        return self._names[self.cursor_row] if 0 <= self.cursor_row < len(self._names) else None


class SessionList(_List):
    """Connections, the newest first."""

    titles = ("ID", "", "Client", "User", "Asked", "Errors", "Events", "Opened")

    def show(self, picture: Picture) -> None:
        """Show the sessions of a picture."""
        self.fill(
            (self._cells(row, picture.time) for row in picture.sessions), [None] * len(picture.sessions)
        )

    def _cells(self, row: Row, time: int) -> tuple[Text, ...]:
        if row["refused"] is not None:
            state = Text("refused", style="red")
        elif row["closed"] is None or row["closed"] > (iso_time(time) or ""):
            state = Text("open", style="green")
        else:
            state = Text("closed", style=DIM)
        numbers = (Text(str(row[key]), justify="right") for key in ("requests", "errors", "events"))
        return (
            Text(safe(str(row["id"])), justify="right"),
            state,
            Text(safe(row["client"] or "")),
            Text(safe(row["user"] or "")),
            *numbers,
            Text(iso_clock(row["opened"] or "")),
        )


class TroubleList(_List):
    """Errors and findings, the newest first."""

    titles = ("Time", "ID", "What")

    def show(self, picture: Picture) -> None:
        """Show the errors and findings of a picture."""
        names = [row["id"] for row in picture.troubles]
        self.fill(map(self._cells, picture.troubles), names)

    def _cells(self, row: Row) -> tuple[Text, ...]:
        return (
            Text(iso_clock(row["time"]), style=DIM),
            Text(row["id"] or "", justify="right"),
            Text(safe(row["text"]), style=severity_style(row["severity"])),
        )


class Details(ScrollableContainer):
    """An element with its values, and a packet in notation."""

    def __init__(self, id: str, classes: str) -> None:  # noqa: A002 - as widgets call it
        self._text = Static("", id="text", markup=False)
        super().__init__(self._text, id=id, classes=classes)

    def show(self, element: Element | None, packet: Row | None) -> None:
        """Show an element, a packet, or both."""
        text = Text(no_wrap=True)
        if element is not None:
            text.append_text(_of_element(element))
        if packet is not None:
            text.append("\n" if element is not None else "")
            # Its text is escaped: no sequence in it is of the network.
            lines = (line.strip("\n") for line in text_lines(packet))
            text.append_text(Text.from_ansi("\n".join(lines), no_wrap=True))
        if not text:
            text.append("Nothing was said about this.", style=DIM)
        self._text.update(text)


def _of_element(element: Element) -> Text:
    text = Text.assemble((name_of(element), "bold"), no_wrap=True)
    if element.name:
        text.append(f"  {element.uuid}", style=DIM)
    text.append("\n")
    # Quality stands beside the others.
    values = [value for value in element.values if value.attribute != QUALITY] or element.values
    width = min(max((cell_len(safe(value.attribute)) for value in values), default=0), _ATTRIBUTE)
    for value in values:
        text.append(f"  {cut(safe(value.attribute), width)}  ").append_text(value_text(value)).append("  ")
        text.append_text(quality_text(value.quality))
        text.append(f"  {clock_text(value.time, with_date=True)} in {value.packet}\n", style=DIM)
    return text
