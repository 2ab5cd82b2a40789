"""Conversations with a simulator: one that uses everything, one as an operator panel has it."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from uuid import UUID

import cbor2

from xentara_inspect.protocol import error_codes, identifiers
from xentara_inspect.simulator.accounts import OPERATOR, SERVICE, SERVICE_CERTIFICATE, VIEWER
from xentara_inspect.simulator.client import Client
from xentara_inspect.simulator.example_plant import PAGE_MISSING_ATTRIBUTE, UNIT
from xentara_inspect.simulator.script import Ask, Script, Sent
from xentara_inspect.simulator.wire import NIL

HELLO: Final = {0: 1, 1: 1}
NOBODY: Final = UUID("00000000-0000-4000-8000-00000000dead")
"""A UUID that nothing has."""
WRONG_PASSWORD: Final = "not-the-password-either"  # noqa: S105 - it is meant to be wrong
WRONG_TOKEN: Final = "not-a-real-token-and-wrong"  # noqa: S105


def token(value: str) -> cbor2.CBORTag:
    """OAuth 2.0 authentication for create_sub_session."""
    return cbor2.CBORTag(identifiers.TAG_ALTERNATIVE_0, {0: value})


def certificate(value: bytes) -> cbor2.CBORTag:
    """Client certificate authentication for create_sub_session."""
    return cbor2.CBORTag(identifiers.TAG_ALTERNATIVE_1, {0: value})


def user(name: str, password: str) -> cbor2.CBORTag:
    """Username/password authentication for create_sub_session."""
    return cbor2.CBORTag(identifiers.TAG_ALTERNATIVE_2, {0: name, 1: password})


async def everything(client: Client) -> list[Sent]:
    """Use each command with success, and get each error that is cheap to get.

    Needs a new connection without credentials to a running example plant, and shuts that down.
    Raises UnexpectedAnswerError where an answer is not the expected one.
    """
    script = Script(client)
    await _greet(script)
    await _explore(script)
    await _read_and_write(script)
    await _subscribe(script)
    await _log_in(script)
    await _change_stages(script)
    return script.sent


async def _greet(script: Script) -> None:
    await script.ask("get_stage", error=error_codes.MISSING_CLIENT_HELLO)
    await script.ask("client_hello", {0: 3, 1: 2}, error_codes.INVALID_PARAMETER)
    await script.batch(Ask("client_hello", HELLO), Ask("lookup", {0: "Group 1.Data Point 1"}))
    await script.ask("client_hello", HELLO, error_codes.DUPLICATE_CLIENT_HELLO)
    await script.ask(99, {}, error_codes.COMMAND_NOT_FOUND)
    await script.ask("server_information", {0: [0, 1, 2]})
    await script.ask("server_information", {0: [7]}, error_codes.INVALID_PARAMETER)


async def _explore(script: Script) -> None:
    await script.ask("browse", {0: NIL})
    tank = await script.ask("lookup", {0: "Plant.Tank 1"})
    await script.batch(
        Ask("browse", {0: tank, 1: 1, 2: [2]}),
        Ask("browse", {0: NOBODY}, error_codes.UNKNOWN_ELEMENT),
        Ask("lookup", {0: "Plant.Tank 9"}, error_codes.UNKNOWN_ELEMENT),
        Ask("lookup", {0: ""}, error_codes.INVALID_PARAMETER),
        Ask("meta_data", {0: tank, 1: [0, 1, 2, 3]}),
        Ask("meta_data", {0: tank, 1: [0, 83]}, error_codes.INVALID_PARAMETER),
        Ask("meta_data", {0: NOBODY, 1: [0]}, error_codes.UNKNOWN_ELEMENT),
    )


async def _read_and_write(script: Script) -> None:
    level = await script.ask("lookup", {0: "Plant.Tank 1.Level"})
    speed = await script.ask("lookup", {0: "Plant.Pump 1.Speed"})
    mode = await script.ask("lookup", {0: "Plant.Pump 1.Mode"})
    valve = await script.ask("lookup", {0: "Plant.Valve 1.Position"})
    await script.ask("read", {0: level, 1: [0, 9, 11, UNIT, PAGE_MISSING_ATTRIBUTE]})
    await script.ask("read", {0: NOBODY, 1: [11]}, error_codes.UNKNOWN_ELEMENT)
    await script.ask("read", {0: level}, error_codes.INVALID_PARAMETER)
    await script.ask("write", {0: speed, 1: 11, 2: 1500.0})
    await script.batch(
        Ask("write", {0: NOBODY, 1: 11, 2: 1}, error_codes.UNKNOWN_ELEMENT),
        Ask("write", {0: speed, 1: PAGE_MISSING_ATTRIBUTE, 2: 1}, error_codes.MISSING_ATTRIBUTE),
        Ask("write", {0: level, 1: 11, 2: 1.0}, error_codes.READ_ONLY),
        Ask("write", {0: speed, 1: 11, 2: 9000.0}, error_codes.VALUE_OUT_OF_RANGE),
        Ask("write", {0: speed, 1: 11, 2: "fast"}, error_codes.TYPE_MISMATCH),
        Ask("write", {0: mode, 1: 11, 2: 7}, error_codes.ILLEGAL_VALUE),
        Ask("write", {0: valve, 1: 11, 2: 50.0}, error_codes.READ_OR_WRITE_ERROR),
    )


async def _subscribe(script: Script) -> None:
    level = await script.ask("lookup", {0: "Plant.Tank 1.Level"})
    flaky = await script.ask("lookup", {0: "Plant.Tank 2.Temperature"})
    before = len(script.client.events)
    elements = [{0: level, 1: [5, 11]}, {0: flaky, 1: [9, 11]}]
    subscription = await script.ask("subscribe", {0: elements, 1: 100, 2: 1000})
    await script.client.wait_for_events(before + 3)
    await script.ask("unsubscribe", {0: subscription})
    await script.ask("unsubscribe", {0: subscription}, error_codes.UNKNOWN_SUBSCRIPTION_ID)
    await script.ask("subscribe", {0: [{0: NOBODY, 1: [11]}]}, error_codes.UNKNOWN_ELEMENT)


async def _log_in(script: Script) -> None:
    code = await script.ask("lookup", {0: "Plant.Safety.Service Code"})
    service = await script.ask("create_sub_session", {0: user(SERVICE.user, SERVICE.password)})
    viewer = await script.ask("create_sub_session", {0: token(VIEWER.token or "")})
    second = await script.ask("create_sub_session", {0: certificate(SERVICE_CERTIFICATE), 1: NOBODY})
    wrong = {0: user(OPERATOR.user, WRONG_PASSWORD)}
    await script.ask("create_sub_session", wrong, error_codes.ACCESS_DENIED)
    await script.ask("create_sub_session", {**wrong, 1: NIL}, error_codes.INVALID_PARAMETER)
    await script.ask("check_access", {0: viewer})
    await script.ask("check_access", {0: NIL}, error_codes.INVALID_PARAMETER)
    await script.ask("write", {0: code, 1: 11, 2: 815, 3: service})
    await script.ask("write", {0: code, 1: 11, 2: 816, 3: viewer}, error_codes.ACCESS_DENIED)
    await script.ask("suspend", {0: viewer}, error_codes.ACCESS_DENIED)
    for session in (service, viewer, second):
        await script.ask("close_sub_session", {0: session})
    await script.ask("close_sub_session", {0: service}, error_codes.UNKNOWN_SESSION_ID)


async def _change_stages(script: Script) -> None:
    await script.ask("get_stage")
    await script.ask("resume", error=error_codes.INVALID_STAGE_CHANGE)
    await script.ask("suspend")
    await script.ask("suspend", error=error_codes.INVALID_STAGE_CHANGE)
    await script.ask("resume")
    await script.ask("shutdown")
    await script.ask("shutdown", error=error_codes.INVALID_STAGE_CHANGE)
    await script.ask("get_stage")


_POINTS: Final = (
    "Plant.Tank 1.Level",
    "Plant.Tank 1.Temperature",
    "Plant.Tank 1.High Alarm",
    "Plant.Tank 2.Temperature",
    "Plant.Pump 1.Speed",
    "Plant.Pump 1.Starts",
)
_STEPS: Final = 6


async def demo(client: Client, seconds: float = 3.0) -> list[Sent]:
    """The conversation of an operator panel, about `seconds` long. Raises UnexpectedAnswerError."""
    script = Script(client, first_message_id=65)
    pause = seconds / _STEPS
    await script.batch(Ask("client_hello", {0: 0, 1: 1}), Ask("lookup", {0: "Plant.Tank 1"}))
    await script.batch(Ask("server_information", {0: [0]}), Ask("get_stage"), Ask("browse", {0: NIL}))
    points = dict(
        zip(_POINTS, await script.batch(*(Ask("lookup", {0: key}) for key in _POINTS)), strict=True)
    )
    await script.ask("meta_data", {0: points["Plant.Pump 1.Speed"], 1: [0, 1, 2, 3]})
    await script.batch(*(Ask("read", {0: point, 1: [1, 9, 11, UNIT]}) for point in points.values()))
    elements = [{0: point, 1: [5, 9, 11]} for point in points.values()]
    subscription = await script.ask("subscribe", {0: elements, 1: 200, 2: 5000})
    await client.wait_for_events(len(points))
    await asyncio.sleep(pause)
    await _change_speed(script, points["Plant.Pump 1.Speed"], pause)
    await _change_service_code(script, pause)
    await script.ask("unsubscribe", {0: subscription})
    await script.ask("read", {0: points["Plant.Tank 1.Level"], 1: [5, 9, 11]})
    return script.sent


async def _change_speed(script: Script, speed: Any, pause: float) -> None:
    """The operator wants too much first, then less."""
    await script.ask("write", {0: speed, 1: 11, 2: 4000.0}, error_codes.VALUE_OUT_OF_RANGE)
    await asyncio.sleep(pause)
    await script.ask("write", {0: speed, 1: 11, 2: 1800.0})
    await asyncio.sleep(pause)


async def _change_service_code(script: Script, pause: float) -> None:
    """What the panel may not write, a service engineer may, in a sub-session."""
    code = await script.ask("lookup", {0: "Plant.Safety.Service Code"})
    await script.ask("write", {0: code, 1: 11, 2: 815}, error_codes.ACCESS_DENIED)
    await asyncio.sleep(pause)
    service = await script.ask("create_sub_session", {0: user(SERVICE.user, SERVICE.password)})
    await script.ask("check_access", {0: service})
    await script.ask("write", {0: code, 1: 11, 2: 815, 3: service})
    await asyncio.sleep(pause)
    await script.ask("close_sub_session", {0: service})
    await asyncio.sleep(pause)
