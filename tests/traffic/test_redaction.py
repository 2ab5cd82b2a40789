"""Secrets are blanked in the bytes, whatever the encoding, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transcript import edn
from xentara_inspect import cbor
from xentara_inspect.traffic.redaction import redact

SECRET = "not-a-real-secret"
SESSION = "37(h'E3EE10714D884BA18E5D0F1E4CE25EE8')"

# ruff: noqa: E501 - the table reads better in two columns

REDACTED = [
    # a client's message, and what of it is stored
    (
        f'[[0, 65, 12, {{0: 123({{0: "operator", 1: "{SECRET}"}}), 1: {SESSION}}}]]',
        f'[[0, 65, 12, {{0: 123({{0: "operator", 1: "*****************"}}), 1: {SESSION}}}]]',
    ),
    (
        f'[[0, 65, 12, {{0: 121({{0: "{SECRET}"}})}}], [0, 66, 3, {{0: "Plant"}}]]',
        '[[0, 65, 12, {0: 121({0: "*****************"})}], [0, 66, 3, {0: "Plant"}]]',
    ),
    ("[[0, 1, 12, {0: 122({0: h'3082'})}]]", "[[0, 1, 12, {0: 122({0: h'3082'})}]]"),
    # a bare packet, keys in another order, heads longer than needed, indefinite lengths
    (f'[0, 65, 12, {{0: 121({{0: "{SECRET}"}})}}]', '[0, 65, 12, {0: 121({0: "*****************"})}]'),
    (
        f'[[0, 1, 12, {{1: {SESSION}, 0: 123({{1: "{SECRET}", 0: "me"}})}}]]',
        f'[[0, 1, 12, {{1: {SESSION}, 0: 123({{1: "*****************", 0: "me"}})}}]]',
    ),
    (f'[_ [_ 0, 1, 12_1, {{_ 0_0: 121_2({{0: "{SECRET}"_1}})}}]]', '[_ [_ 0, 1, 12_1, {_ 0_0: 121_2({0: "*****************"_1})}]]'),
    (
        '[[0, 1, 12, {0: 121({0: (_ "not-a", "-real")})}]]',
        '[[0, 1, 12, {0: 121({0: (_ "*****", "*****")})}]]',
    ),
    # shapes that no page knows keep no string at all
    (f'[[0, 1, 12, {{0: 123({{0: "{SECRET}"}})}}]]', '[[0, 1, 12, {0: 123({0: "*****************"})}]]'),
    (f'[[0, 1, 12, {{0: 122({{0: "{SECRET}"}})}}]]', '[[0, 1, 12, {0: 122({0: "*****************"})}]]'),
    (f'[[0, 1, 12, {{0: 130("{SECRET}")}}]]', '[[0, 1, 12, {0: 130("*****************")}]]'),
    (f'[[0, 1, 12, {{0: {{"password": "{SECRET}"}}}}]]', '[[0, 1, 12, {0: {"********": "*****************"}}]]'),
    (f'[[0, 1, 12, ["{SECRET}"]]]', '[[0, 1, 12, ["*****************"]]]'),
    (f'[[0, 1, 12, {{0: 123({{0: "me", 1: h\'6869\', 2: "{SECRET}"}})}}]]', '[[0, 1, 12, {0: 123({0: "**", 1: h\'2a2a\', 2: "*****************"})}]]'),
    ('[[0, 1, 12, {0: 123({0: "me", 1: 31337424242})}]]', '[[0, 1, 12, {0: 123({0: "me", 1: 3038287259199220266})}]]'),
    ('[[0, 1, 12, {0: 123({0: "me", 1: [115, 101, 99.5_3]})}]]', '[[0, 1, 12, {0: 123({0: "me", 1: [42, 42, 1.4260258159703532e-105]})}]]'),
    # credentials where none belong
    (f'[[0, 12, 13, {{0: 123({{0: "me", 1: "{SECRET}"}})}}]]', '[[0, 12, 13, {0: 123({0: "me", 1: "*****************"})}]]'),
    (f'[[0, 1, "12", {{0: 121_1({{0: "{SECRET}"}})}}]]', '[[0, 1, "**", {0: 121_1({0: "*****************"})}]]'),
    (f'[[0, 1, "create_sub_session", {{"token": "{SECRET}"}}]]', '[[0, 1, "******************", {"*****": "*****************"}]]'),
    (f'[[8, 0, 123({{0: "me", 1: "{SECRET}"}})]]', '[[8, 0, 123({0: "me", 1: "*****************"})]]'),
    (f'123({{0: "me", 1: "{SECRET}"}})', '123({0: "**", 1: "*****************"})'),
    # what might be such a request but is not one that can be told
    (f'[[0, 1, 12.0, {{0: 121({{0: "{SECRET}"}})}}]]', '[[0, 1, 12.0, {0: 121({0: "*****************"})}]]'),
    (f'[[0, 1, "12", {{0: 121({{0: "{SECRET}"}})}}]]', '[[0, 1, "**", {0: 121({0: "*****************"})}]]'),
    (f'[[0, 1, "create_sub_session", {{0: "{SECRET}"}}]]', '[[0, 1, "******************", {0: "*****************"}]]'),
    (f"[[0, 1, 2(h'0c'), {{0: \"{SECRET}\"}}]]", "[[0, 1, 2(h'2a'), {0: \"*****************\"}]]"),
    (f'[[[0, 1, 12, {{0: "{SECRET}"}}]]]', '[[[0, 1, 12, {0: "*****************"}]]]'),
    (f'{{0: 12, 1: "{SECRET}"}}', '{0: 12, 1: "*****************"}'),
]  # fmt: skip

UNTOUCHED = [
    '[[0, 12, 3, {0: "Plant.Tank 12"}]]',
    "[[0, 1, 5, {0: 37(h'0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C'), 1: 11, 2: \"set point\"}]]",
    '[[2, 12, {0: -32102, 1: "access denied"}]]',
    "[[0, 12, 5, {0: 37(h'0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C'), 1: 11, 2: 121(\"value\")}]]",
]


@pytest.mark.parametrize(("sent", "stored"), REDACTED)
def test_a_client_s_secrets_are_blanked_at_their_length(sent: str, stored: str) -> None:
    assert redact(edn(sent), from_client=True) == edn(stored)


@pytest.mark.parametrize(("sent", "stored"), REDACTED)
def test_every_truncation_keeps_no_piece_of_the_secret(sent: str, stored: str) -> None:
    whole, blanked = edn(sent), edn(stored)
    for length in range(whole.find(b"\x0c") + 1, len(whole)):
        kept = redact(whole[:length], from_client=True)
        assert len(kept) == length
        assert b"not-a" not in kept or b"not-a" in blanked
        assert SECRET[:4].encode() not in kept
        # What cannot be read is so at the same place, for the same reason.
        assert str(cbor.decode(kept).error) == str(cbor.decode(whole[:length]).error)


@pytest.mark.parametrize("sent", UNTOUCHED)
def test_other_messages_come_back_as_the_same_object(sent: str) -> None:
    payload = edn(sent)
    assert redact(payload, from_client=True) is payload


@pytest.mark.parametrize(
    "sent",
    [f'[[0, 1, 12, {{"0": "{SECRET}"}}]]', f'{{"command": "create_sub_session", "token": "{SECRET}"}}'],
)
def test_a_request_written_out_as_text_keeps_no_secret(sent: str) -> None:
    assert SECRET.encode() not in redact(sent.encode(), from_client=True)


def test_what_a_server_sends_is_left_alone() -> None:
    payload = edn(REDACTED[0][0])
    assert redact(payload, from_client=False) is payload


def test_trailing_items_keep_no_string() -> None:
    hidden = edn('[0, 1, 12, {0: 121({0: "secret"})}]')
    assert b"secret" not in redact(edn("[[0, 1, 8]]") + hidden, from_client=True)
    assert b"secret" not in redact(edn("[[0, 1, 8]]") + b"\xff" + hidden, from_client=True)


@given(st.binary(max_size=80))
def test_blanked_bytes_keep_their_length_and_their_structure(data: bytes) -> None:
    kept = redact(data, from_client=True)
    assert len(kept) == len(data)
    before, after = cbor.decode(data), cbor.decode(kept)
    assert before.error == after.error
    shape = [(item.kind, item.start, item.end) for root in before.items for item in cbor.walk(root)]
    assert shape == [(item.kind, item.start, item.end) for root in after.items for item in cbor.walk(root)]
