"""Conversations as data: what a client says, step by step, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sample_captures.stage import Stage, say
from xentara_inspect.protocol import commands
from xentara_inspect.simulator import Account, Ask, Behaviour, Script, Sent


class Batch(NamedTuple):
    """Requests in one message."""

    asks: tuple[Ask, ...]


class Say(NamedTuple):
    """A message as it is, with the exchanges that come of it and how many messages answer it."""

    payload: bytes | str
    sent: tuple[Sent, ...] = ()
    answers: int = 1


class Hear(NamedTuple):
    """Wait for events, until so many have come in all."""

    events: int


class Pause(NamedTuple):
    """Nothing is said for so many seconds. Nobody waits: they are put into the recording afterwards."""

    seconds: float


Step = Ask | Batch | Say | Hear | Pause


@dataclass(frozen=True, slots=True)
class Conversation:
    """One connection. account: of the upgrade; None connects without credentials."""

    steps: tuple[Step, ...]
    account: Account | None = None
    behaviour: Behaviour | None = None


async def play(stage: Stage, conversation: Conversation) -> None:
    """Have a conversation on a new connection. Raises UnexpectedAnswerError."""
    account = conversation.account
    user, password = (account.user, account.password) if account is not None else (None, "")
    async with stage.connect(behaviour=conversation.behaviour, user=user, password=password) as client:
        script = Script(client)
        for step in conversation.steps:
            match step:
                case Ask():
                    await script.batch(step)
                case Batch(asks):
                    await script.batch(*asks)
                case Say(payload, sent, answers):
                    await say(client, payload, answers)
                    script.sent += sent
                case Hear(events):
                    await client.wait_for_events(events)
                case Pause(seconds):
                    stage.pause(client, seconds)
        stage.sent += script.sent


def exchanges(conversation: Conversation) -> Iterator[Sent]:
    """What the database should say of a conversation, in the order of the requests."""
    message_id = 0
    for step in conversation.steps:
        if isinstance(step, Say):
            yield from step.sent
        for ask in step.asks if isinstance(step, Batch) else (step,) if isinstance(step, Ask) else ():
            message_id += 1
            opcode = ask.command if isinstance(ask.command, int) else commands.OPCODES[ask.command]
            status = "ok" if ask.error is None else "error"
            yield Sent(commands.COMMAND_NAMES.get(opcode), message_id, status, ask.error)


def events(conversation: Conversation) -> int:
    """How many events come."""
    return max((step.events for step in conversation.steps if isinstance(step, Hear)), default=0)
