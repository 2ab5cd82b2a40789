"""Asking why, for the tests of `why`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.simulated import NOW, conversation
from tests.store_traffic import add, info
from xentara_inspect.frames import Closing, Frame
from xentara_inspect.index.process import catch_up
from xentara_inspect.queries.databases import open_databases
from xentara_inspect.queries.why import why
from xentara_inspect.simulator import Client


def asked(database: Path | list[Path], name: str) -> dict[str, Any]:
    paths = database if isinstance(database, list) else [database]
    with open_databases(list(map(str, paths))) as databases:
        return why(databases, name)


def codes(database: Path, name: str) -> list[str]:
    return [cause["code"] for cause in asked(database, name)["causes"]]


def only(database: Path, name: str) -> tuple[str, str, dict[str, Any]]:
    """Code, all that it says, and the row of the only cause."""
    (cause,) = asked(database, name)["causes"]
    return cause["code"], said(cause), cause


def last_of(database: Path, name: str) -> tuple[str, str, dict[str, Any]]:
    """Code, all that all causes say, and the row of the last cause, behind those that are findings."""
    causes = asked(database, name)["causes"]
    return causes[-1]["code"], " | ".join(map(said, causes)), causes[-1]


def said(cause: dict[str, Any]) -> str:
    return " | ".join([cause["summary"], *(detail["text"] for detail in cause["details"])])


def talked(
    database: Path, talk: Callable[[Client], Awaitable[None]], *, user: str | None = None, **options: Any
) -> Path:
    """A database with what a client and the simulator said, at the time at which the plant stands still."""
    if user is not None:
        options["user"] = user
    client = conversation(talk, **options)
    messages = sorted(
        [(one.time, True, one) for one in client.sent] + [(one.time, False, one) for one in client.received],
        key=lambda message: message[:2],
    )
    first = messages[0][0]
    told = [Frame(NOW + time - first, sent, one.is_text, one.payload) for time, sent, one in messages]
    add(database, told, about=replace(info(), user=user), end=Closing(told[-1].time, 1000, None, "client"))
    catch_up(database)
    return database
