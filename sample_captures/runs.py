"""A good and a bad run of the same client, for those who compare recordings.

The bad run differs in what a new version of client or server may change: a request is missing, two came
in another order, an answer and a value are others, a write is refused, an answer is slow.
"""

from __future__ import annotations

from typing import Any, Final

from sample_captures.faults import LEVEL, MODE, SPEED, SUBSCRIPTIONS
from sample_captures.stage import Stage
from sample_captures.steps import Conversation, Hear, Step, play
from xentara_inspect.protocol import commands, error_codes, identifiers
from xentara_inspect.simulator import Ask, Behaviour
from xentara_inspect.simulator.conversation import HELLO
from xentara_inspect.simulator.wire import NIL, encode, error_object, success

SLOW: Final = 0.75
"""Seconds that the bad run waits for the answer to its browse."""

_GREETING: Final[tuple[Step, ...]] = (Ask("client_hello", HELLO),)
_INFORMATION: Final[tuple[Step, ...]] = (Ask("server_information", {0: [0, 1]}),)
_LOOKUPS: Final[tuple[Step, ...]] = (
    Ask("lookup", {0: "Plant.Tank 1.Level"}),
    Ask("lookup", {0: "Plant.Pump 1.Speed"}),
)
_BROWSE: Final[tuple[Step, ...]] = (Ask("browse", {0: NIL, 1: 1}),)
_ROUND: Final[tuple[Step, ...]] = (
    Ask("subscribe", {0: [{0: SPEED, 1: [9, 11]}], 3: SUBSCRIPTIONS[0]}),
    Hear(1),
    Ask("get_stage"),
    Ask("read", {0: LEVEL, 1: [9, 11]}),
    Ask("write", {0: SPEED, 1: 11, 2: 1500.0}),
    Hear(2),
)
_REFUSED: Final = Ask("write", {0: MODE, 1: 11, 2: 2}, error_codes.ACCESS_DENIED)
_FAREWELL: Final[tuple[Step, ...]] = (
    Ask("read", {0: SPEED, 1: [9, 11]}),
    Ask("unsubscribe", {0: SUBSCRIPTIONS[0]}),
)

GOOD: Final = Conversation(
    (
        *(*_GREETING, *_INFORMATION, *_LOOKUPS, *_BROWSE, *_ROUND),
        *(_REFUSED._replace(error=None), *_FAREWELL),
    )
)


def _instead(answers: dict[int, list[Any]], **more: Any) -> Behaviour:
    """Other answers to requests whose message has the same number as their id."""
    frames = {number: [encode([answer])] for number, answer in answers.items()}
    return Behaviour(silent_ids=frozenset(answers), frames_after=frames, **more)


BAD: Final = Conversation(
    (*_GREETING, *reversed(_LOOKUPS), *_BROWSE, *_ROUND, _REFUSED, *_FAREWELL),
    behaviour=_instead(
        {
            6: [identifiers.SUCCESS, 6, 1],
            7: [identifiers.SUCCESS, 7, {9: success(0), 11: success(12.5)}],
            9: [identifiers.ERROR, 9, error_object(error_codes.ACCESS_DENIED, "access denied")],
        },
        delays={commands.BROWSE: SLOW},
    ),
)


async def good_run(stage: Stage) -> None:
    """Look around, subscribe, read, write."""
    await play(stage, GOOD)


async def bad_run(stage: Stage) -> None:
    """The same, some time later."""
    await play(stage, BAD)
