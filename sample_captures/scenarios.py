"""The conversations of the sample captures that follow the specification."""

from __future__ import annotations

import contextlib
from typing import Any, Final
from uuid import UUID

from websockets.exceptions import InvalidStatus

from sample_captures.stage import Stage, say
from xentara_inspect.protocol import commands, error_codes, identifiers
from xentara_inspect.simulator import (
    OPERATOR,
    OUTSIDER,
    SERVICE,
    VIEWER,
    Ask,
    Behaviour,
    Script,
    Sent,
    UnexpectedAnswerError,
)
from xentara_inspect.simulator.accounts import SERVICE_CERTIFICATE
from xentara_inspect.simulator.conversation import (
    HELLO,
    NOBODY,
    WRONG_PASSWORD,
    WRONG_TOKEN,
    certificate,
    token,
    user,
)
from xentara_inspect.simulator.example_plant import ALARM_LIMIT, PAGE_ELEMENT, PAGE_MISSING_ATTRIBUTE, UNIT
from xentara_inspect.simulator.wire import NIL, encode

DESIRED: Final = UUID("5e551000-0000-4000-8000-000000000001")
ALIASES: Final = {number: uuid for uuid, number in identifiers.ATTRIBUTE_UUIDS.items()}


async def hello_and_browse(stage: Stage) -> None:
    """A panel looks around: hello and lookup in one message, browse, meta data; two connections."""
    async with stage.connect() as client:
        script = Script(client)
        await script.batch(Ask("client_hello", HELLO), Ask("lookup", {0: "Plant.Tank 1"}))
        await script.batch(Ask("server_information", {0: [0, 1, 2]}), Ask("get_stage"))
        await script.ask("browse", {0: NIL})
        tank = await script.ask("lookup", {0: "Plant.Tank 1"})
        await script.ask("browse", {0: tank, 1: 1})
        await script.ask("browse", {0: NIL, 1: 2, 2: [1, 6]})
        level = await script.ask("lookup", {0: "Plant.Tank 1.Level"})
        await script.batch(
            Ask("meta_data", {0: tank, 1: [0, 1, 3]}),
            Ask("meta_data", {0: level, 1: [0, 1, 2, 3]}),
            Ask("meta_data", {0: level, 1: [0, 83]}, error_codes.INVALID_PARAMETER),
        )
        await script.ask("lookup", {0: "Plant.Tank 9"}, error_codes.UNKNOWN_ELEMENT)
        await script.ask("browse", {0: NOBODY, 1: 1}, error_codes.UNKNOWN_ELEMENT)
        stage.sent += script.sent
    async with stage.connect(subprotocol=None) as client:
        script = Script(client, first_message_id=65)
        await script.ask("client_hello", {0: 0, 1: 1})
        await script.batch(
            Ask("lookup", {0: "Group 1.Data Point 1"}),
            Ask("get_stage"),
            Ask("meta_data", {0: PAGE_ELEMENT, 1: [0, 83]}, error_codes.INVALID_PARAMETER),
        )
        stage.sent += script.sent


_REFUSED_BY_HAND: Final = (
    # message id, command, code
    (900, "read", error_codes.PARSE_ERROR),
    (901, "write", error_codes.PARSE_ERROR),
    (902, "read", error_codes.INVALID_REQUEST),
    (903, "write", error_codes.INVALID_REQUEST),
)
"""Errors that the simulator has no reason to give to a request it understood."""
_PLAIN: Final = {"read": {0: PAGE_ELEMENT, 1: [11]}, "write": {0: PAGE_ELEMENT, 1: 11, 2: True}}


async def reads_and_writes(stage: Stage) -> None:
    """Every kind of value read, every kind of write, every error on the pages of both."""
    errors = [[identifiers.ERROR, message_id, {0: code}] for message_id, _, code in _REFUSED_BY_HAND]
    behaviour = Behaviour(
        silent_ids=frozenset(entry[0] for entry in _REFUSED_BY_HAND), frames_after={3: [encode(errors)]}
    )
    async with stage.connect(behaviour=behaviour) as client:
        script = Script(client)
        missing = error_codes.MISSING_CLIENT_HELLO
        await script.batch(
            Ask("read", _PLAIN["read"], missing),
            Ask("write", _PLAIN["write"], missing),
        )
        await script.ask("client_hello", HELLO)
        by_hand = Script(client, first_message_id=_REFUSED_BY_HAND[0][0])
        await by_hand.batch(*(Ask(command, _PLAIN[command], code) for _, command, code in _REFUSED_BY_HAND))
        script.sent += by_hand.sent
        await _reads(script)
        await _writes(script)
        await _refused_writes(script)
        stage.sent += script.sent


async def _reads(script: Script) -> None:
    found = await script.ask("browse", {0: NIL, 2: [2, 6]})
    keys = {entry[0]: entry[1] for entry in found}
    bug = keys.pop("Plant.Diagnostics.Bug")
    level = keys["Plant.Tank 1.Level"]
    await script.ask("read", {0: level, 1: [*range(14), UNIT, ALARM_LIMIT]})
    await script.ask("read", {0: keys["Plant.Controller"], 1: [0, 3, 4, 10]})
    await script.ask("read", {0: level, 1: [ALIASES[0], ALIASES[9], ALIASES[11], PAGE_MISSING_ATTRIBUTE]})
    await script.ask("read", {0: PAGE_ELEMENT, 1: [1, 11, PAGE_MISSING_ATTRIBUTE]})
    await script.batch(*(Ask("read", {0: uuid, 1: [9, 11]}) for uuid in keys.values()))
    await script.batch(
        Ask("read", {0: NOBODY, 1: [11]}, error_codes.UNKNOWN_ELEMENT),
        Ask("read", {0: bug, 1: [11]}, error_codes.INTERNAL_ERROR),
        Ask("read", {0: level, 1: "Value"}, error_codes.INVALID_PARAMETER),
    )


async def _key(script: Script, key: str) -> Any:
    return await script.ask("lookup", {0: key})


async def _writes(script: Script) -> None:
    speed, mode = await _key(script, "Plant.Pump 1.Speed"), await _key(script, "Plant.Pump 1.Mode")
    recipe, start = await _key(script, "Plant.Batch.Recipe"), await _key(script, "Plant.Pump 1.Start")
    await script.batch(
        Ask("write", {0: speed, 1: 11, 2: 1500.5}),
        Ask("write", {0: speed, 1: ALIASES[11], 2: 1600}),
        Ask("write", {0: mode, 1: 11, 2: 2}),
        Ask("write", {0: recipe, 1: 11, 2: "Tee \u2192 kalt \U0001f9ca"}),
        Ask("write", {0: start, 1: 11, 2: True}),
    )
    await script.batch(
        Ask("read", {0: speed, 1: [5, 8, 9, 11]}),
        Ask("read", {0: mode, 1: [11]}),
        Ask("read", {0: recipe, 1: [11]}),
        Ask("read", {0: start, 1: [11, 8]}),
    )


async def _refused_writes(script: Script) -> None:
    level, speed = await _key(script, "Plant.Tank 1.Level"), await _key(script, "Plant.Pump 1.Speed")
    mode, valve = await _key(script, "Plant.Pump 1.Mode"), await _key(script, "Plant.Valve 1.Position")
    code, bug = await _key(script, "Plant.Safety.Service Code"), await _key(script, "Plant.Diagnostics.Bug")
    await script.batch(
        Ask("write", {0: NOBODY, 1: 11, 2: 1}, error_codes.UNKNOWN_ELEMENT),
        Ask("write", {0: speed, 1: PAGE_MISSING_ATTRIBUTE, 2: 1}, error_codes.MISSING_ATTRIBUTE),
        Ask("write", {0: code, 1: 11, 2: 1}, error_codes.ACCESS_DENIED),
        Ask("write", {0: level, 1: 11, 2: 1.0}, error_codes.READ_ONLY),
        Ask("write", {0: speed, 1: 11, 2: 3000.5}, error_codes.VALUE_OUT_OF_RANGE),
        Ask("write", {0: speed, 1: 11, 2: "fast"}, error_codes.TYPE_MISMATCH),
        Ask("write", {0: mode, 1: 11, 2: 7}, error_codes.ILLEGAL_VALUE),
        Ask("write", {0: valve, 1: 11, 2: 50.0}, error_codes.READ_OR_WRITE_ERROR),
        Ask("write", {0: bug, 1: 11, 2: 50.0}, error_codes.INTERNAL_ERROR),
        Ask("write", {0: speed, 1: 11}, error_codes.INVALID_PARAMETER),
    )
    await script.ask("read", {0: valve, 1: [11, 12, 13]})


async def subscription_events(stage: Stage) -> None:
    """Subscriptions of several rates; values that move, fail, are written, and are zero."""
    clock = stage.clock
    async with stage.connect() as client:
        script = Script(client)
        await script.batch(Ask("client_hello", HELLO), Ask("browse", {0: NIL, 2: [2]}))
        level, flaky = (
            await _key(script, "Plant.Tank 1.Level"),
            await _key(script, "Plant.Tank 2.Temperature"),
        )
        zero, speed = await _key(script, "Plant.Tank 2.Level"), await _key(script, "Plant.Pump 1.Speed")
        moving = await script.ask(
            "subscribe", {0: [{0: level, 1: [5, 9, 11]}, {0: flaky, 1: [9, 11]}], 1: 50}
        )
        await client.wait_for_events(2)
        # The keys in the order in which the vendor's client was seen to send them: 2, 3, 0.
        await _subscribe_raw(script, DESIRED, [{0: zero, 1: [11]}, {0: speed, 1: [UNIT, 11]}])
        await client.wait_for_events(4)
        for expected in (6, 8, 10):
            clock.advance(0.5)  # the level moves every time, the flaky sensor fails or recovers
            await client.wait_for_events(expected)
        await script.ask("write", {0: speed, 1: 11, 2: 1600.0})
        await client.wait_for_events(11)
        clock.advance(60.5)  # longer than the longest silence: the second one sends everything again
        await client.wait_for_events(15)
        await script.ask("unsubscribe", {0: moving})
        await script.ask("unsubscribe", {0: moving}, error_codes.UNKNOWN_SUBSCRIPTION_ID)
        await script.ask("subscribe", {0: [{0: NOBODY, 1: [11]}]}, error_codes.UNKNOWN_ELEMENT)
        await script.ask("subscribe", {0: [{0: zero, 1: [10]}]}, error_codes.MISSING_ATTRIBUTE)
        await script.ask("subscribe", {0: [], 1: 500, 2: 100}, error_codes.INVALID_PARAMETER)
        await script.ask("unsubscribe", {0: DESIRED})
        stage.sent += script.sent


async def _subscribe_raw(script: Script, desired: UUID, elements: list[Any]) -> None:
    """Subscribe with the keys of the parameters in an order that no encoder would choose."""
    entries = [(2, 30_000), (3, desired), (0, elements)]
    parameters = bytes((0xA0 + len(entries),)) + b"".join(
        encode(key) + encode(value) for key, value in entries
    )
    head = encode([identifiers.REQUEST, 500, commands.SUBSCRIBE])
    # From an array of three to one of four, the parameters last.
    await say(script.client, b"\x81\x84" + head[1:] + parameters, answers=1)
    script.sent.append(Sent("subscribe", 500, "ok", None))


async def sub_sessions(stage: Stage) -> None:
    """Logging in on the upgrade and in sub-sessions, in every way, right and wrong."""
    await _refused_upgrades(stage)
    async with stage.connect(user=VIEWER.user, password=VIEWER.password) as client:
        script = Script(client)
        await script.batch(Ask("client_hello", HELLO), Ask("server_information", {0: [1]}))
        code = await _key(script, "Plant.Safety.Service Code")
        await script.ask("write", {0: code, 1: 11, 2: 815}, error_codes.ACCESS_DENIED)
        sessions = await _log_in(script)
        for session in sessions:
            await script.ask("check_access", {0: session})
        await _use_sub_sessions(script, code, *sessions)
        await script.ask("check_access", {}, error_codes.INVALID_PARAMETER)
        await script.ask("check_access", {0: NOBODY}, error_codes.INVALID_PARAMETER)
        stage.sent += script.sent
    async with stage.connect(token=SERVICE.token) as client:
        script = Script(client)
        await script.batch(Ask("client_hello", HELLO), Ask("server_information", {0: [1]}))
        code = await _key(script, "Plant.Safety.Service Code")
        await script.ask("read", {0: code, 1: [9, 11]})
        stage.sent += script.sent


async def _refused_upgrades(stage: Stage) -> None:
    """A wrong password, and a user who may not connect: neither becomes a WebSocket."""
    for account, password in ((OPERATOR, WRONG_PASSWORD), (OUTSIDER, OUTSIDER.password)):
        with contextlib.suppress(InvalidStatus):
            async with stage.connect(user=account.user, password=password):
                raise UnexpectedAnswerError(f"{account.user} was let in")


async def _log_in(script: Script) -> list[Any]:
    """Sub-sessions of viewer, service and operator, by token, certificate and password; and wrong ones."""
    sessions = [
        await script.ask("create_sub_session", {0: token(VIEWER.token or "")}),
        await script.ask("create_sub_session", {0: certificate(SERVICE_CERTIFICATE)}),
        await script.ask("create_sub_session", {0: user(OPERATOR.user, OPERATOR.password), 1: DESIRED}),
    ]
    for wrong in (token(WRONG_TOKEN), certificate(b"\x30\x00"), user(OPERATOR.user, WRONG_PASSWORD)):
        await script.ask("create_sub_session", {0: wrong}, error_codes.ACCESS_DENIED)
    nil = {0: user(OPERATOR.user, OPERATOR.password), 1: NIL}
    await script.ask("create_sub_session", nil, error_codes.INVALID_PARAMETER)
    return sessions


async def _use_sub_sessions(script: Script, code: Any, viewer: Any, service: Any, operator: Any) -> None:
    await script.ask("write", {0: code, 1: 11, 2: 815, 3: service})
    await script.ask("write", {0: code, 1: 11, 2: 816, 3: viewer}, error_codes.ACCESS_DENIED)
    await script.ask("write", {0: code, 1: 11, 2: 817, 3: NOBODY}, error_codes.ACCESS_DENIED)
    await script.ask("suspend", error=error_codes.ACCESS_DENIED)
    await script.ask("suspend", {0: operator})
    await script.ask("get_stage")
    await script.ask("resume", {0: operator})
    await script.ask("resume", {0: operator}, error_codes.INVALID_STAGE_CHANGE)
    # A second login under the same desired id silently takes the place of the first.
    await script.ask("create_sub_session", {0: user(VIEWER.user, VIEWER.password), 1: operator})
    await script.ask("check_access", {0: operator})
    await script.ask("shutdown", {0: operator}, error_codes.ACCESS_DENIED)
    for session in (viewer, service, operator):
        await script.ask("close_sub_session", {0: session})
    await script.ask("close_sub_session", {0: operator}, error_codes.UNKNOWN_SESSION_ID)
