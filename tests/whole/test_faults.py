"""Faults that integrators make: each is named in its recording, and none in the nearest proper one."""

from __future__ import annotations

from pathlib import Path

import pytest

from sample_captures.faults import FAULTS, Fault
from tests.store_traffic import read
from tests.whole.test_samples import imported
from xentara_inspect.protocol.commands import error_name
from xentara_inspect.queries.databases import open_databases
from xentara_inspect.queries.why import why
from xentara_inspect.store.addresses import address_text
from xentara_inspect.traffic.rules import RULES

TWO_OF_A_KIND = {"wrong-parameter-type", "access-denied"}
"""Codes that name more than one fault, each by its message or command."""


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return imported("client-faults", tmp_path_factory.mktemp("faults") / "faulty.db")


@pytest.fixture(scope="module")
def proper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return imported("client-proper", tmp_path_factory.mktemp("faults") / "proper.db")


def named_in(database: Path, session: int) -> set[str]:
    """Codes of the findings of a session, and the names of the errors that it was answered with."""
    codes = read(database, "SELECT code FROM findings WHERE session_id = ?", session)
    errors = read(
        database,
        "SELECT error_code, opcode FROM exchanges WHERE session_id = ? AND status = 'error'",
        session,
    )
    names = (error_name(code, opcode) or "unknown" for code, opcode in errors)
    return {code for (code,) in codes} | {name.lower().replace(" ", "-") for name in names}


NUMBERED = [pytest.param(number, fault, id=fault.name) for number, fault in enumerate(FAULTS, 1)]


@pytest.mark.parametrize(("session", "fault"), NUMBERED)
def test_a_fault_is_named_and_its_nearest_proper_conversation_is_not(
    session: int, fault: Fault, faulty: Path, proper: Path
) -> None:
    assert fault.code in named_in(faulty, session)
    assert fault.code not in named_in(proper, session)
    assert read(proper, "SELECT code FROM findings WHERE session_id = ?", session) == []


def causes_in(database: Path, session: int) -> set[str]:
    """What `why` names for a session, for all of its requests, findings and subscriptions."""
    exchanges = read(database, "SELECT id FROM exchanges WHERE session_id = ?", session)
    findings = read(database, "SELECT id FROM findings WHERE session_id = ?", session)
    subscriptions = "SELECT uuid FROM subscriptions WHERE session_id = ? AND uuid IS NOT NULL"
    asked = [f"session:{session}", *(address_text(place) for (place,) in exchanges)]
    asked += [f"finding:{number}" for (number,) in findings]
    asked += [uuid for (uuid,) in read(database, subscriptions, session)]
    with open_databases([str(database)]) as databases:
        return {cause["code"] for name in asked for cause in why(databases, name)["causes"]}


@pytest.mark.parametrize(("session", "fault"), NUMBERED)
def test_why_names_a_fault_and_not_where_it_is_not(
    session: int, fault: Fault, faulty: Path, proper: Path
) -> None:
    assert fault.code in causes_in(faulty, session)
    # Asking once for what is not there is proper, and is explained like any error.
    assert causes_in(proper, session) <= ({"unknown-element"} if fault.code == "asked-again" else set())


def test_no_fault_has_the_finding_of_another(faulty: Path) -> None:
    codes = {fault.code for fault in FAULTS if fault.code in RULES}
    # A buffer that is sent in two parts leaves bytes behind in both.
    beside = {"buffer-cut": {"trailing-bytes"}}
    for session, fault in enumerate(FAULTS, 1):
        found = named_in(faulty, session) & codes
        assert found <= {fault.code} | beside.get(fault.name, set())


def test_there_are_twenty_kinds_and_more_and_each_has_a_name_of_its_own() -> None:
    assert len(FAULTS) == len({fault.name for fault in FAULTS}) >= 20
    codes = [fault.code for fault in FAULTS]
    assert {code for code in codes if codes.count(code) > 1} == TWO_OF_A_KIND
    assert all(fault.wrong and not fault.wrong.endswith(".") for fault in FAULTS)
