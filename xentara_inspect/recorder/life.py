"""The life of a journal's keeper.

| | listens | commits | fails | dies | finish | ends |
|---|---|---|---|---|---|---|
| starting | ready | ready | troubled | starting | finishing | |
| ready | ready | ready | troubled | starting | finishing | |
| troubled | troubled | ready | troubled | troubled | finishing | |
| finishing | finishing | finishing | finishing | finishing | finishing | over |
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final


class State(Enum):
    """What a keeper is at. READY: frames are written. TROUBLED: they are not, and people were told."""

    STARTING = auto()
    READY = auto()
    TROUBLED = auto()
    FINISHING = auto()
    OVER = auto()


class Event(Enum):
    """What moves it on. ENDS: no process is left, nor will be."""

    LISTENS = auto()
    COMMITS = auto()
    FAILS = auto()
    DIES = auto()
    FINISH = auto()
    ENDS = auto()


_ALIVE: Final = {Event.LISTENS: State.READY, Event.COMMITS: State.READY, Event.FAILS: State.TROUBLED}
_GOES_ON: Final = {Event.DIES: State.STARTING, Event.FINISH: State.FINISHING}
TRANSITIONS: Final[dict[State, dict[Event, State]]] = {
    State.STARTING: {**_ALIVE, **_GOES_ON},
    State.READY: {**_ALIVE, **_GOES_ON},
    State.TROUBLED: {**_ALIVE, **_GOES_ON, Event.LISTENS: State.TROUBLED, Event.DIES: State.TROUBLED},
    State.FINISHING: {**dict.fromkeys(Event, State.FINISHING), Event.ENDS: State.OVER},
    State.OVER: {},
}


def after(state: State, event: Event) -> State:
    """What a keeper is at when something has happened; what cannot happen to it changes nothing."""
    return TRANSITIONS[state].get(event, state)
