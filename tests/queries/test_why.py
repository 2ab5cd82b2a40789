"""`why`: each cause with the traffic that has it, and the nearest traffic that does not."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import cbor2
import pytest

from tests.live import ROOT, inspect
from tests.queries.asking import START, ask, fill
from tests.queries.explaining import asked, codes, last_of, only, said, talked
from tests.simulated import LEVEL as LEVEL_ELEMENT
from tests.simulated import MODE, SPEED
from tests.store_traffic import CONVERSATION, HELLO, LEVEL, VALVE, VALVE_UUID, info
from xentara_inspect.protocol import commands, error_codes, identifiers
from xentara_inspect.queries.causes import CAUSE_KEYS, CAUSES, cause_of, code_of_error, rule_of
from xentara_inspect.queries.why import WHY_KEYS
from xentara_inspect.simulator import OPERATOR, VIEWER, Client
from xentara_inspect.traffic.rules import RULES

SECOND = 10**9
NOBODY = "37(h'77777777777777777777777777777777')"
NOBODY_UUID = "77777777-7777-7777-7777-777777777777"
SUBSCRIPTION = "37(h'5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b')"
FOUND = ('>[[0, 2, 3, {0: "Plant.Valve"}]]', f"<[[1, 2, {VALVE}]]")


def failed(database: Path) -> str:
    """The name of the last exchange with an error."""
    return str(ask(database, "log", limit=1, status="error")[0]["id"])


# The table


def documented() -> list[tuple[int, int | None]]:
    named = [(code, None) for code in error_codes.ERROR_NAMES]
    return named + [
        (code, row.opcode) for row in commands.COMMANDS.values() for code in commands.documented_errors(row)
    ]


@pytest.mark.parametrize(("code", "opcode"), documented())
def test_every_documented_error_has_a_cause_with_a_remedy(code: int, opcode: int | None) -> None:
    name = commands.error_name(code, opcode)
    assert name is not None
    cause = code_of_error(code, opcode)
    assert cause in CAUSES
    assert cause == name.lower().replace(" ", "-") or (cause, name) == (
        "internal-server-error", "Internal Error"
    )  # fmt: skip
    assert all((rule_of(cause).asks, rule_of(cause).source, rule_of(cause).remedy))


def test_no_code_stands_in_both_tables_and_what_is_one_thing_has_one_rule() -> None:
    assert not CAUSES.keys() & RULES.keys()
    assert CAUSES["duplicate-client-hello-request"] is RULES["duplicate-hello"]
    assert all(re.fullmatch("[a-z]+(-[a-z]+)*", code) for code in CAUSES)


def test_an_error_that_is_on_no_page_is_told_as_such(database: Path) -> None:
    fill(database, *HELLO, ">[[0, 2, 8]]", "<[[2, 2, {0: -32999}]]")
    assert codes(database, "3p1") == ["undocumented-error-code"]


def test_a_row_of_a_list_has_its_cause_without_another_look(conversation: Path) -> None:
    refused, *_ = (row for row in ask(conversation, "log") if row["status"] == "error")
    cause = cause_of(refused)
    assert cause is not None
    assert (cause["code"], cause["evidence"]) == ("read-only", ["11p1"])
    assert list(cause) == list(CAUSE_KEYS)
    unanswered = next(row for row in ask(conversation, "findings") if row["code"] == "unanswered-request")
    found = cause_of(unanswered)
    assert found is not None
    assert (found["code"], found["remedy"]) == ("unanswered-request", RULES["unanswered-request"].remedy)
    assert cause_of(ask(conversation, "log")[0]) is None


# What went well


@pytest.mark.parametrize("name", ["1p1", "3p1", "6p2", "session:1", "18p1"])
def test_what_went_well_has_no_cause(name: str, database: Path) -> None:
    fill(database, *CONVERSATION[:9], '>[[0, 11, 3, {0: "Plant.Valve"}]]', f"<[[1, 11, {VALVE}]]",
         *[CONVERSATION[8]] * 7)  # fmt: skip
    row = asked(database, name)
    assert list(row) == list(WHY_KEYS)
    assert row["causes"] == [] or name == "6p2"  # whose attribute Position may not be read
    assert row["about"]


PROPER = ("hello-and-browse", "reads-and-writes", "sub-sessions", "subscription-events")


@pytest.mark.parametrize("name", PROPER)
def test_in_proper_captures_only_what_failed_has_a_cause(name: str, database: Path) -> None:
    inspect("import", ROOT / "sample_captures" / f"{name}.flow", "-d", database)
    with_errors = {
        row["packet"] for row in ask(database, "readings", limit=0) if row["error_code"] is not None
    }
    for row in ask(database, "log", limit=0):
        found = codes(database, row["id"])
        if row["status"] == "error":
            assert found[-1] == code_of_error(row["error_code"], row["opcode"])
        elif found:
            assert row["command"] == "read"
    for row in ask(database, "events", limit=0):
        bad = row["values"].get("Quality") not in (None, 0)
        assert bool(codes(database, row["id"])) == (bad or row["id"] in with_errors)
    for row in ask(database, "subscriptions", limit=0):
        assert bool(codes(database, row["id"])) == (row["status"] == "refused")


@pytest.mark.slow
@pytest.mark.parametrize(
    "sample", sorted((ROOT / "sample_captures").glob("*.flow")), ids=lambda path: path.stem
)
def test_everything_that_is_listed_can_be_asked_about(sample: Path, database: Path) -> None:
    inspect("import", sample, "-d", database)
    names = [row["id"] for row in ask(database, "log", limit=0, with_events=True)]
    names += [f"session:{row['id']}" for row in ask(database, "sessions", limit=0)]
    names += [f"finding:{row['id']}" for row in ask(database, "findings", limit=0)]
    names += [row["uuid"] for row in ask(database, "subscriptions", limit=0) if row["uuid"]]
    names += sorted({name.partition("p")[0] for name in names if name[0].isdigit() and "-" not in name})
    shown = {row["id"] for row in ask(database, "log", limit=0, with_events=True)}
    for name in names:
        for cause in asked(database, name)["causes"]:
            assert all((cause["summary"], cause["specification"], cause["remedy"]))
            assert {place for place in cause["evidence"] if "p" in place} <= shown | set(cause["evidence"])


# Unknown elements


def test_an_element_that_nobody_told_of_is_said_to_be_so_and_how_often_it_was_asked_for(
    database: Path,
) -> None:
    async def talk(client: Client) -> None:
        for _ in range(3):
            await client.request(commands.READ, {0: UUID(NOBODY_UUID), 1: [11]})

    talked(database, talk)
    code, text, cause = only(database, failed(database))
    assert code == "unknown-element"
    assert f"{NOBODY_UUID}: never told by the server before, as far as is recorded" in text
    assert "3 requests of it answered so, 3 of them on this connection" in text
    assert cause["evidence"] == ["7p1", "3p1"]


def test_an_element_that_is_there_has_no_cause(database: Path) -> None:
    async def talk(client: Client) -> None:
        await client.request(commands.READ, {0: LEVEL_ELEMENT, 1: [11]})

    assert codes(talked(database, talk), "last") == []


def test_a_guid_in_memory_order_is_recognised_by_the_element_that_it_would_be(database: Path) -> None:
    async def talk(client: Client) -> None:
        await client.request(commands.LOOKUP, {0: "Plant.Tank 1.Level"})
        await client.request(commands.READ, {0: UUID(bytes=LEVEL_ELEMENT.bytes_le), 1: [11]})

    code, text, cause = only(talked(database, talk), "last")
    assert code == "unknown-element"
    assert f"with its bytes in another order it is Plant.Tank 1.Level, {LEVEL_ELEMENT}" in text
    assert "RFC 9562" in cause["remedy"]


REFUSED_READ = (f">[[0, 3, 4, {{0: {VALVE}, 1: [11]}}]]", "<[[2, 3, {0: -32100}]]")


@pytest.mark.parametrize(
    ("before", "text", "place"),
    [
        (FOUND, "told on this connection 2 ms before, by lookup Plant.Valve", "3p1"),
        (
            (">[[0, 2, 1, {0: 37(h'00000000000000000000000000000000')}]]",
             f'<[[1, 2, [{{0: "Plant.Valve", 1: {VALVE}, 2: 2}}]]]'),
            "told on this connection 2 ms before, by browse", "3p1",
        ),
        (
            (f">[[0, 2, 6, {{0: [{{0: {VALVE}, 1: [11]}}]}}]]", f"<[[1, 2, {SUBSCRIPTION}]]",
             f"<[[8, 0, {{1: {VALVE}, 2: {{11: 121(1)}}}}]]"),
            "never looked up, but the server told of it", "5p1",
        ),
        (
            (f">[[0, 2, 4, {{0: {LEVEL}, 1: [11]}}]]", "<[[1, 2, {11: 121(1)}]]"), "never told", None,
        ),
    ],
    ids=["lookup", "browse", "event", "another element"],
)  # fmt: skip
def test_where_the_client_had_the_element_from(
    before: tuple[str, ...], text: str, place: str | None, database: Path
) -> None:
    fill(database, *HELLO, *before, *REFUSED_READ)
    code, told, cause = only(database, "last")
    assert code == "unknown-element"
    assert text in told
    assert (place in cause["evidence"]) == (place is not None)


def test_an_element_that_another_connection_looked_up_is_said_to_be_told_there(database: Path) -> None:
    fill(database, *HELLO, *FOUND)
    later = info("flow-2", opened=START + SECOND)
    fill(database, *HELLO, *REFUSED_READ, about=later, start=START + SECOND)
    _, text, cause = only(database, "last")
    assert (
        "told on another connection, session 1, 998 ms before, by lookup Plant.Valve; never on this one"
        in (re.sub(r"\d+(\.\d+)? (ms|s) before", "998 ms before", text).replace(f": {VALVE_UUID}", ""))
    )
    assert "3p1" in cause["evidence"]


def test_an_element_that_only_a_file_of_names_has_is_said_to_be_of_another_model(
    database: Path, tmp_path: Path
) -> None:
    fill(database, *HELLO, *REFUSED_READ)
    (tmp_path / "names.csv").write_text(f"uuid,name\n{VALVE_UUID},Plant.Old Valve\n")
    inspect("names", "import", tmp_path / "names.csv", "-d", database)
    _, text, cause = only(database, "last")
    assert "calls it Plant.Old Valve" in text
    assert "export the model file again" in cause["remedy"]


@pytest.mark.parametrize(
    ("uuid", "text"),
    [
        ("4aa0e4e0521e4599a985e454baa59f89", "that is attribute Value, no element"),
        ("5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b", "that is a subscription, no element"),
    ],
)
def test_a_uuid_of_something_else_is_called_that(uuid: str, text: str, database: Path) -> None:
    opened = f">[[0, 2, 6, {{0: [{{0: {LEVEL}, 1: [11]}}]}}]]", f"<[[1, 2, {SUBSCRIPTION}]]"
    fill(database, *HELLO, *opened, f">[[0, 3, 4, {{0: 37(h'{uuid}'), 1: [11]}}]]", "<[[2, 3, {0: -32100}]]")
    assert text in only(database, "last")[1]


def test_a_key_that_is_mistyped_is_held_against_those_that_are_known(database: Path) -> None:
    async def talk(client: Client) -> None:
        await client.request(commands.LOOKUP, {0: "Plant.Tank 1.Level"})
        await client.request(commands.LOOKUP, {0: "Plant.Tank 1.Levle"})
        await client.request(commands.LOOKUP, {0: "Plant.Tank 1.Levle"})

    code, text, _ = only(talked(database, talk), "last")
    assert code == "unknown-element"
    assert "no element is called Plant.Tank 1.Levle; alike are Plant.Tank 1.Level" in text
    assert "2 lookups of it answered so, 2 of them on this connection" in text
    assert codes(database, "3p1") == []


def test_of_a_subscription_to_several_each_element_is_looked_at(database: Path) -> None:
    both = f"{{0: {VALVE}, 1: [11]}}, {{0: {NOBODY}, 1: [11]}}"
    fill(database, *HELLO, *FOUND, f">[[0, 3, 6, {{0: [{both}]}}]]", "<[[2, 3, {0: -32100}]]")
    _, text, _ = only(database, "last")
    assert "one of 2 elements; the server does not say which" in text
    assert f"{VALVE_UUID} (Plant.Valve): told on this connection" in text
    assert f"{NOBODY_UUID}: never told" in text


# Access


async def _denied(client: Client) -> None:
    await client.request(commands.WRITE, {0: SPEED, 1: 11, 2: 1.0})


def test_access_denied_tells_the_user_of_the_connection(database: Path) -> None:
    talked(database, _denied, user=VIEWER.user, password=VIEWER.password)
    code, text, _ = only(database, "last")
    assert code == "access-denied"
    assert f"the user of session 1 is {VIEWER.user}" in text


def test_who_may_has_no_cause(database: Path) -> None:
    talked(database, _denied, user=OPERATOR.user, password=OPERATOR.password)
    assert codes(database, "last") == []


def test_the_user_whom_only_the_server_names_is_named_too(database: Path) -> None:
    fill(database, *HELLO, ">[[0, 2, 0, {0: [1]}]]", '<[[1, 2, {1: "viewer"}]]', ">[[0, 3, 10]]",
         "<[[2, 3, {0: -32102}]]", about=replace(info(), user=None))  # fmt: skip
    _, text, cause = only(database, "last")
    assert "the user of session 1 is viewer, as the server says" in text
    assert cause["evidence"] == ["5p1", "3p1"]


def _login(user: Any) -> dict[int, Any]:
    return {0: cbor2.CBORTag(123, {0: user.user, 1: user.password})}


def test_a_sub_session_that_was_open_but_not_named_is_pointed_out(database: Path) -> None:
    async def talk(client: Client) -> None:
        await client.request(commands.CREATE_SUB_SESSION, _login(OPERATOR))
        await client.request(commands.SUSPEND)

    talked(database, talk, user=VIEWER.user, password=VIEWER.password)
    _, text, cause = only(database, "last")
    assert "open, but not named: sub-session" in text
    assert '"operator"' in text
    assert cause["remedy"].startswith("name a sub-session")
    assert "3p1" in cause["evidence"]


def test_the_sub_session_that_was_named_is_told_with_its_check_access(database: Path) -> None:
    async def talk(client: Client) -> None:
        made = await client.request(commands.CREATE_SUB_SESSION, _login(VIEWER))
        await client.request(commands.CHECK_ACCESS, {0: made.result})
        await client.request(commands.WRITE, {0: SPEED, 1: 11, 2: 1.0, 3: made.result})

    _, text, cause = only(talked(database, talk), "last")
    assert "asked for sub-session" in text
    assert '"viewer"' in text
    assert "read access = true, write access = false" in text
    assert {"3p1", "5p1"} <= {*cause["evidence"]}


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ((f">[[0, 3, 13, {{0: {NOBODY}}}]]", "<[[1, 3]]"), "which was closed"),
        ((), '"ann" |'),
        (
            (f">[[0, 3, 13, {{0: {NOBODY}}}]]", "<[[1, 3]]",
             '>[[0, 5, 12, {0: 123({0: "bob", 1: "x"})}]]', f"<[[1, 5, {NOBODY}]]"), '"bob" |',
        ),
    ],
    ids=["closed", "open", "created again"],
)  # fmt: skip
def test_a_sub_session_that_was_closed_before_is_said_to_be(
    lines: tuple[str, ...], text: str, database: Path
) -> None:
    created = '>[[0, 2, 12, {0: 123({0: "ann", 1: "x"})}]]', f"<[[1, 2, {NOBODY}]]"
    fill(database, *HELLO, *created, *lines, f">[[0, 4, 10, {{0: {NOBODY}}}]]", "<[[2, 4, {0: -32102}]]")
    assert text in f"{only(database, 'last')[1]} |"


def test_a_sub_session_of_nobody_and_one_of_another_connection_are_told_apart(database: Path) -> None:
    created = '>[[0, 2, 12, {0: 123({0: "ann", 1: "x"})}]]', f"<[[1, 2, {NOBODY}]]"
    refused = f">[[0, 4, 10, {{0: {NOBODY}}}]]", "<[[2, 4, {0: -32102}]]"
    fill(database, *HELLO, *refused)
    assert "which this connection never created" in only(database, "last")[1]
    fill(database, *HELLO, *created, about=info("flow-2"), start=START + SECOND)
    fill(database, *HELLO, *refused, about=info("flow-3"), start=START + 2 * SECOND)
    assert "which is one of session 2" in only(database, "last")[1]


def test_wrong_credentials_are_told_beside_those_that_were_right(database: Path) -> None:
    async def talk(client: Client) -> None:
        await client.request(commands.CREATE_SUB_SESSION, _login(OPERATOR))
        await client.request(commands.CREATE_SUB_SESSION, {0: cbor2.CBORTag(123, {0: "operator", 1: "no"})})

    _, text, cause = only(talked(database, talk), "last")
    assert "granted before: create_sub_session" in text
    assert "token, which may have expired" in cause["remedy"]


# Values


def _written(element: UUID, value: Any, attribute: Any = 11) -> Callable[[Client], Awaitable[None]]:
    async def talk(client: Client) -> None:
        await client.request(commands.META_DATA_COMMAND, {0: element, 1: [2]})
        await client.request(commands.READ, {0: element, 1: [9, 11]})
        await client.request(commands.WRITE, {0: element, 1: attribute, 2: value})

    return talk


@pytest.mark.parametrize(
    ("element", "value", "code", "texts"),
    [
        (LEVEL_ELEMENT, 1.5, "read-only", ["written was 1.5, a float", "read only, of type Float32"]),
        (SPEED, 3000.5, "value-out-of-range", ["read and write, of type Float64", "last read said 1450"]),
        (SPEED, "fast", "type-mismatch", ['"fast", a text', "of the data type Float64"]),
        (MODE, 7, "illegal-value", ["of type UnsignedInteger8", "the last read said 1 (quality good)"]),
        (MODE, 300, "value-out-of-range", ["300 is written", "of type UnsignedInteger8"]),
        (MODE, (1 << 64) - 5, "value-out-of-range", ["is written to UnsignedInteger8, which is 0 to 255"]),
        (MODE, True, "type-mismatch", ["written was true, a boolean", "of the data type UnsignedInteger8"]),
    ],
)  # fmt: skip
def test_a_refused_value_stands_beside_what_the_attribute_takes(
    element: UUID, value: Any, code: str, texts: list[str], database: Path
) -> None:
    talked(database, _written(element, value))
    found, text, cause = last_of(database, "last")
    assert found == code
    assert all(wanted in text for wanted in texts), text
    assert "5p1" in cause["evidence"]  # the last read


def test_a_value_that_was_taken_has_no_cause_and_is_told_by_the_next_that_is_not(database: Path) -> None:
    async def talk(client: Client) -> None:
        await client.request(commands.WRITE, {0: SPEED, 1: 11, 2: 1500.5})
        await client.request(commands.WRITE, {0: SPEED, 1: 11, 2: 9999.0})

    talked(database, talk)
    assert codes(database, "3p1") == []
    _, text, cause = only(database, "last")
    assert "the last write granted was 1500.5" in text
    assert "3p1" in cause["evidence"]


def test_an_attribute_by_its_uuid_is_the_one_that_its_number_names(database: Path) -> None:
    value = next(uuid for uuid, number in identifiers.ATTRIBUTE_UUIDS.items() if number == 11)
    talked(database, _written(LEVEL_ELEMENT, 1.5, value))
    code, text, _ = only(database, "last")
    assert (code, "read only, of type Float32" in text, "the last read said" in text) == (
        "read-only",
        True,
        True,
    )


def test_a_missing_attribute_is_held_against_those_that_meta_data_told(database: Path) -> None:
    talked(database, _written(SPEED, 1, UUID(NOBODY_UUID)))
    code, text, _ = only(database, "last")
    assert code == "missing-attribute"
    assert f"as meta_data told, {SPEED} has Primary Key, Name, UUID" in text


def test_what_was_never_asked_about_is_said_to_be_so(database: Path) -> None:
    async def talk(client: Client) -> None:
        await client.request(commands.WRITE, {0: SPEED, 1: UUID(NOBODY_UUID), 2: 1})

    assert "meta_data was never asked" in only(talked(database, talk), "last")[1]


def test_an_attribute_that_a_read_could_not_get_has_a_cause_though_the_read_was_granted(
    database: Path,
) -> None:
    async def talk(client: Client) -> None:
        await client.request(commands.READ, {0: SPEED, 1: [11, UUID(NOBODY_UUID)]})
        await client.request(commands.READ, {0: SPEED, 1: [11]})

    talked(database, talk)
    code, text, _ = only(database, "3p1")
    assert code == "missing-attribute"
    assert f"{NOBODY_UUID} has no value: missing attribute (-32101)" in text
    assert codes(database, "5p1") == []


# Hello, subscriptions, stages


def test_what_comes_before_the_hello_is_told_when_that_came(database: Path) -> None:
    async def talk(client: Client) -> None:
        await client.request(commands.GET_STAGE)
        await client.request(commands.CLIENT_HELLO, {0: 1, 1: 1})
        await client.request(commands.CLIENT_HELLO, {0: 1, 1: 1})

    talked(database, talk, greet=False)
    code, text, cause = only(database, "1p1")
    assert code == "missing-client-hello-request"
    assert "the first client_hello of this connection was sent" in text
    assert "later: ok" in text
    assert "3p1" in cause["evidence"]
    assert codes(database, "3p1") == []
    assert only(database, "5p1")[0] == "duplicate-client-hello-request"


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ((), "was never granted, as far as is recorded"),
        ((f">[[0, 2, 6, {{0: [{{0: {LEVEL}, 1: [11]}}]}}]]", f"<[[1, 2, {SUBSCRIPTION}]]",
          f">[[0, 3, 7, {{0: {SUBSCRIPTION}}}]]", "<[[1, 3]]"), "was closed already, 2 ms before"),
    ],
    ids=["never", "twice"],
)  # fmt: skip
def test_an_unsubscribe_in_vain_is_told_why(lines: tuple[str, ...], text: str, database: Path) -> None:
    refused = f">[[0, 4, 7, {{0: {SUBSCRIPTION}}}]]", "<[[2, 4, {0: -32110}]]"
    fill(database, *HELLO, *lines, *refused)
    code, told, _ = only(database, "last")
    assert code == "unknown-subscription-id"
    assert text in told


def test_a_stage_that_cannot_be_left_is_told_with_who_changed_it(database: Path) -> None:
    async def talk(client: Client) -> None:
        await client.request(commands.GET_STAGE)
        await client.request(commands.RESUME)

    code, text, cause = only(talked(database, talk), "last")
    assert code == "invalid-stage-change-request"
    assert "get_stage Operational, by session 1" in text
    assert "3p1" in cause["evidence"]


def test_a_parameter_that_is_wrong_is_named_before_the_error_that_only_says_so(database: Path) -> None:
    async def talk(client: Client) -> None:
        await client.request(commands.READ, {0: LEVEL_ELEMENT, 1: [11]})
        for _ in range(2):
            await client.request(commands.READ, {0: LEVEL_ELEMENT, 1: "Value"})

    talked(database, talk)
    first, second = asked(database, "last")["causes"]
    assert (first["code"], second["code"]) == ("wrong-parameter-type", "invalid-parameter")
    assert "granted before: read" in said(second)
    assert second["evidence"] == ["7p1", "3p1"]
    assert codes(database, "3p1") == []


def test_update_rates_that_are_the_wrong_way_round_are_named(database: Path) -> None:
    subscribe = f">[[0, 2, 6, {{0: [{{0: {LEVEL}, 1: [11]}}], 1: 500, 2: 100}}]]"
    fill(database, *HELLO, subscribe, "<[[2, 2, {0: -32602}]]")
    code, told, _ = last_of(database, failed(database))
    assert code == "invalid-parameter"
    assert "is 500 ms, above minimum_update_rate, the longest, of 100 ms" in told
