"""The app: one picture after the other, of now or of a time that is chosen."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any, ClassVar, Final, TypeVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Footer, Input, Static, Tree

from xentara_inspect.cli.tui.choosing import chosen
from xentara_inspect.cli.tui.looking import Answer, Looking
from xentara_inspect.cli.tui.panes import Details, SessionList, TroubleList
from xentara_inspect.cli.tui.plant_tree import Place, PlantTree
from xentara_inspect.cli.tui.status import status_text
from xentara_inspect.cli.tui.time_line import TimeLine
from xentara_inspect.queries.unknown import QuestionError
from xentara_inspect.queries.watching import Picture, Watching
from xentara_inspect.store.errors import StoreError

_TITLES: Final = {"details": "details", "sessions": "sessions", "troubles": "errors and findings"}
_WIDE: Final = 110
_TYPED: Final = 0.2
"""Seconds without a key after which a filter is applied."""
_Found = TypeVar("_Found")


class WatchApp(App[None]):
    """Looks at databases. Their connections are used by one thread at a time."""

    TITLE = "xentara-inspect watch"
    CSS_PATH = "watch.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit"),
        Binding("ctrl+c", "quit", show=False, priority=True),
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("space", "pause", "Pause", key_display="␣"),
        Binding("left", "go(-1)", "Time", key_display="← →"),
        Binding("right", "go(1)", "On", show=False),
        Binding("comma", "message(-1)", "Message back", show=False),
        Binding("full_stop", "message(1)", "Message on", show=False),
        Binding("home", "begin", "Begin", show=False),
        Binding("end", "live", "Live", show=False),
        Binding("enter", "whole", "Whole", show=False),
        Binding("1", "pane('details')", "Details"),
        Binding("2", "pane('sessions')", "Sessions"),
        Binding("3", "pane('troubles')", "Errors"),
        Binding("escape", "leave", "Leave", show=False),
    ]

    def __init__(self, watching: Watching, wanted: str = "", clock: Callable[[], int] = time.time_ns) -> None:
        """wanted: the filter to begin with. clock: nanoseconds since 1970."""
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_WIDE, "-wide")]
        self.status = Static("", id="status", markup=False)
        self.entry = Input(placeholder="name, part of one, or pattern with *", id="filter")
        self.heading = Static("", id="heading", markup=False)
        self.plant = PlantTree()
        self.sessions = SessionList(id="sessions", classes="pane")
        self.troubles = TroubleList(id="troubles", classes="pane")
        self.details = Details(id="details", classes="pane")
        self.time_line = TimeLine()
        self._turn = asyncio.Lock()
        self._watching = watching
        self._looking = Looking(watching, clock)
        self._wanted = wanted
        self._moment: int | None = None
        self._asked = asyncio.Event()
        self._answer: Answer | None = None
        self._is_about_an_error = False
        self._problem = ""
        self._typing: Timer | None = None

    @property
    def panes(self) -> dict[str, Widget]:
        """What stands beside the plant, in the order of the keys that go there."""
        return {"details": self.details, "sessions": self.sessions, "troubles": self.troubles}

    @property
    def is_live(self) -> bool:
        """Whether what is shown is now."""
        return self._moment is None

    @property
    def picture(self) -> Picture | None:
        """What is shown; None before the first look."""
        return self._answer.picture if self._answer is not None else None

    def compose(self) -> ComposeResult:
        """The screen."""
        self.entry.value = self._wanted  # not before: an entry with a value asks for its app
        yield self.status
        yield self.entry
        with Container(id="body"):
            with Vertical(id="plant"):
                yield self.heading
                yield self.plant
            yield self.sessions
            yield self.troubles
            yield self.details
        yield self.time_line
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Begin to look."""
        for number, pane in enumerate(self.panes.values(), 1):
            pane.border_title = f"{number} {_TITLES[pane.id or '']}"
        self._shown_pane("details")
        self.plant.focus()
        self.watch(self.plant, "heading", self._show_heading)
        self.run_worker(self._look_on())

    def _show_heading(self, heading: str) -> None:
        self.heading.update(heading)

    # Looking

    async def _look_on(self) -> None:
        """Ask for what is to be shown, again and again, each time it changes."""
        while True:
            self._asked.clear()
            try:
                answer = await self._in_turn(self._looking.look, self._moment, *self._selected())
            except (StoreError, QuestionError) as error:
                self._problem = str(error)
                self._show_status()
            else:
                self._problem = ""
                self._show(answer)
            with contextlib.suppress(TimeoutError):
                patience = self._looking.patience if self.is_live else None
                await asyncio.wait_for(self._asked.wait(), patience)

    async def _in_turn(self, ask: Callable[..., _Found], *arguments: Any) -> _Found:
        """Ask the databases in a thread: the screen goes on meanwhile."""
        async with self._turn:
            return await asyncio.to_thread(ask, *arguments)

    def _selected(self) -> tuple[str, str | None]:
        """What is to be shown in detail: an element, or the packet of the error under the cursor."""
        name = self.troubles.chosen if self._is_about_an_error else None
        return self.plant.selected_element or "", name

    def _show(self, answer: Answer) -> None:
        before, self._answer = self._answer, answer
        picture = answer.picture
        if before is None or picture is not before.picture:
            self._show_plant()
            self.sessions.show(picture)
            self.troubles.show(picture)
            line = self.time_line
            line.first, line.last, line.time = picture.first, picture.last, picture.time
        if before is None or answer[2:] != before[2:]:
            self.details.show(answer.element, answer.packet)
        self._show_status()

    def _show_plant(self) -> None:
        if self.picture is not None:
            elements = chosen(self.picture.elements.values(), self._wanted)
            self.plant.show(self.picture, elements, self._wanted)

    def _show_status(self) -> None:
        status = status_text(self._watching.labels, self.picture, self.is_live, self._wanted, self._problem)
        self.status.update(status)

    # Keys

    def action_pause(self) -> None:
        """Stay at this time, or go on with now."""
        if self.picture is not None:
            self._go_to(self.picture.time if self.is_live else None)

    def action_go(self, direction: int) -> None:
        """A place along the line of time."""
        if self.picture is not None:
            self._go_to(self._shown_time + direction * self.time_line.step)

    def action_message(self, direction: int) -> None:
        """To the message before or behind."""
        self.run_worker(self._go_to_message(direction), exclusive=True, group="message")

    async def _go_to_message(self, direction: int) -> None:
        time = self._shown_time
        found = await self._in_turn(self._watching.next_message, time, direction > 0)
        self._go_to(found)

    def action_begin(self) -> None:
        """To the first frame."""
        if self.picture is not None:
            self._go_to(self.picture.first)

    def action_live(self) -> None:
        """Go on with now."""
        self._go_to(None)

    @on(TimeLine.Chosen)
    def _time_chosen(self, event: TimeLine.Chosen) -> None:
        self._go_to(event.moment)

    @property
    def _shown_time(self) -> int:
        if self._moment is not None:
            return self._moment
        return self.picture.time if self.picture is not None else 0

    def _go_to(self, moment: int | None) -> None:
        if moment is not None and self.picture is not None:
            moment = min(max(moment, self.picture.first), self.picture.last)
            self.time_line.time = moment
        self._moment = moment
        self._asked.set()

    def action_filter(self) -> None:
        """Ask which elements to show."""
        self.entry.add_class("-open")
        self.entry.focus()

    @on(Input.Changed, "#filter")
    def _filtered(self, event: Input.Changed) -> None:
        self._wanted = event.value
        if self._typing is not None:
            self._typing.stop()
        self._typing = self.set_timer(_TYPED, self._show_plant)
        self._show_status()

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self.entry.remove_class("-open")
        self.plant.focus()

    def action_leave(self) -> None:
        """Out of what was entered last: the filter, the whole details, a pane."""
        if self.focused is self.entry:
            self.entry.value = ""
            self._filter_done()
        elif self.screen.has_class("-whole-details"):
            self.action_whole()
        else:
            self._is_about_an_error = False
            self._asked.set()
            self._shown_pane("details")
            self.plant.focus()

    def action_whole(self) -> None:
        """Details on the whole screen, or not any more."""
        is_whole = not self.screen.has_class("-whole-details")
        self.screen.set_class(is_whole, "-whole-details")
        self._shown_pane("details")
        (self.details if is_whole else self.plant).focus()

    def action_pane(self, name: str) -> None:
        """Go to a pane; in a narrow terminal it takes the place of the others."""
        self.screen.remove_class("-whole-details")
        self._shown_pane(name)
        self.panes[name].focus()
        self._is_about_an_error = name == "troubles" or (name == "details" and self._is_about_an_error)
        self._asked.set()

    def _shown_pane(self, name: str) -> None:
        for pane in self.panes.values():
            pane.set_class(pane.id == name, "-shown")

    @on(Tree.NodeHighlighted)
    def _element_chosen(self) -> None:
        self._is_about_an_error = False
        self._asked.set()

    @on(TroubleList.RowHighlighted, "#troubles")
    def _error_chosen(self) -> None:
        self._is_about_an_error = self.focused is self.troubles
        self._asked.set()

    @on(Tree.NodeSelected)
    def _element_entered(self, event: Tree.NodeSelected[Place]) -> None:
        if event.node.data is not None and event.node.data.element and not event.node.allow_expand:
            self.action_whole()

    @on(TroubleList.RowSelected, "#troubles")
    def _error_entered(self) -> None:
        self.action_pane("details")
