"""What a server says of a secret that its client sent is blanked; what it says of anything else is not."""

from __future__ import annotations

import base64
import re
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings import encodings
from tests.transcript import edn
from xentara_inspect import cbor
from xentara_inspect.frames import Frame
from xentara_inspect.traffic.echoes import SessionSecrets

SECRET = "not-a-real-secret"
STARS = "*" * len(SECRET)
LOGIN = f'[[0, 65, 12, {{0: 123({{0: "operator", 1: "{SECRET}"}})}}]]'


def client(payload: bytes, *, is_text: bool = False) -> Frame:
    return Frame(1, True, is_text, payload)


def server(payload: bytes, *, is_text: bool = False) -> Frame:
    return Frame(2, False, is_text, payload)


def after(*sent: str) -> SessionSecrets:
    """What is known once a client has said this."""
    secrets = SessionSecrets()
    for message in sent:
        secrets.without(client(edn(message)))
    return secrets


def password(text: str) -> SessionSecrets:
    return after(f'[[0, 65, 12, {{0: 123({{0: "operator", 1: "{text}"}})}}]]')


def said(secrets: SessionSecrets, text: str) -> str:
    """What is left of a text in an error of the server."""
    kept = secrets.without(server(edn(f'[[2, 65, {{0: -32001, 1: "{text}"}}]]'))).payload
    (root,) = cbor.decode(kept).items
    (value,) = [item.value for item in cbor.walk(root) if isinstance(item.value, str)]
    return value


SENT = [
    LOGIN,
    f'[0, 65, 12, {{0: 121({{0: "{SECRET}"}})}}]',
    '[[0, 65, 12, {0: 121({0: (_ "not-a", "-real", "-secret")})}]]',
    f"[[0, 65, 12, {{0: 123({{0: \"me\", 1: '{SECRET}'}})}}]]",
    f'[[0, 65, 12, {{"authentication": {{"token": "{SECRET}"}}}}]]',
    f'[[0, 65, 12, ["{SECRET}"]]]',
    f'[[0, 65, 3, {{0: 121({{0: "{SECRET}"}})}}]]',
    f'[[0, 65, 268, {{0: 121({{0: "{SECRET}"}})}}]]',
    f'[[0, 65, "12", {{0: 121({{0: "{SECRET}"}})}}]]',
    f'[[8, 0, 123({{0: "me", 1: "{SECRET}"}})]]',
    f'55799([[0, 65, 12, {{0: 121({{0: "{SECRET}"}})}}]])',
    f'[[0, 65, 5, {{0: 1, 1: 11, 2: 24(<<123({{0: "me", 1: "{SECRET}"}})>>)}}]]',
    f'[[0, 65, 5, {{0: 1, 1: 11, 2: <<[0, 65, 12, {{0: 121({{0: "{SECRET}"}})}}]>>}}]]',
    f'[[0, 65, 12, {{0: 121({{0: "{SECRET}"}})}}], 99999',
]


@pytest.mark.parametrize("sent", SENT)
def test_however_a_secret_was_sent_its_echo_is_blanked(sent: str) -> None:
    whole = edn(sent.removesuffix(", 99999") + "]" * sent.endswith("99999"))
    secrets = SessionSecrets()
    secrets.without(client(whole + b"\x1c" if sent.endswith("99999") else whole))
    assert said(secrets, f"wrong: {SECRET}!") == f"wrong: {STARS}!"


@pytest.mark.parametrize(
    ("answer", "stored"),
    [
        (f'[[1, 65, {{0: "{SECRET}"}}]]', f'[[1, 65, {{0: "{STARS}"}}]]'),
        (f'[[1, 65, {{"{SECRET}": 1}}]]', f'[[1, 65, {{"{STARS}": 1}}]]'),
        (f"[[1, 65, 'x{SECRET}x']]", f"[[1, 65, 'x{STARS}x']]"),
        (f'[[8, 0, {{1: [_ "x {SECRET} x"_1]}}]]', f'[[8, 0, {{1: [_ "x {STARS} x"_1]}}]]'),
        (f'[[1, 65, (_ "a", "{SECRET}")]]', f'[[1, 65, (_ "a", "{STARS}")]]'),
        (f"[[1, 65, 37('{SECRET[:16]}')]]", f"[[1, 65, 37('{STARS[:16]}')]]"),
        (f'[[1, 65, "{SECRET}{SECRET}"]]', f'[[1, 65, "{STARS}{STARS}"]]'),
        (f"[[1, 65, <<[\"{SECRET}\"]>>]]", f"[[1, 65, <<[\"{STARS}\"]>>]]"),
    ],
)  # fmt: skip
def test_wherever_a_server_says_it_it_is_blanked_at_its_length(answer: str, stored: str) -> None:
    assert after(LOGIN).without(server(edn(answer))).payload == edn(stored)


@pytest.mark.parametrize(
    "spelled",
    [
        SECRET,
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
        *(base64.b64encode(bytes(shift) + SECRET.encode()).decode() for shift in range(3)),
        base64.urlsafe_b64encode(b"operator:" + SECRET.encode()).decode(),
    ],
)
def test_a_secret_in_hexadecimal_or_base64_is_one(spelled: str) -> None:
    """But for the letters of base64 at its ends, which have bits of what stands beside it."""
    shown = said(after(LOGIN), f"in {spelled} out")
    assert len(shown) == len(f"in {spelled} out")
    assert re.fullmatch(r"in .{0,13}\*{17,}.{0,4} out", shown)
    assert not re.search(re.escape(spelled[-7:-4]), shown)


@pytest.mark.parametrize(("length", "shown"), [(16, ""), (15, SECRET[:15])])
def test_what_a_server_quotes_the_beginning_of_is_blanked_as_far_as_it_goes(length: int, shown: str) -> None:
    secret = SECRET * 4
    assert said(password(secret), f"no: {secret[:40]}...") == f"no: {'*' * 40}..."
    assert said(password(secret), f"no: {secret[:length]}...") == f"no: {shown or '*' * length}..."


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        ("tank", "wrong password tank", "wrong password ****"),
        ("tank", "Plant.tank.Level", "Plant.****.Level"),
        ("tank", "tanks, stank and Tank", "tanks, stank and Tank"),
        ("a-b1", "aa-b1 a-b1 a-b11", "aa-b1 **** a-b11"),
        ("abc", "abc", "abc"),
        ("a", "a", "a"),
        ("überall", "nicht überall.", "nicht ********."),
        ("operator", "operators", "********s"),
        ("password", "wrong password", "wrong password"),
        ("****", "****", "****"),
    ],
)
def test_short_secrets_count_where_they_stand_alone_and_very_short_ones_not(
    secret: str, text: str, shown: str
) -> None:
    assert said(password(secret), text) == shown


def test_what_is_no_secret_is_not_looked_for() -> None:
    """User names, process data, and what names a field where clients make their own."""
    secrets = after(
        LOGIN,
        '[[0, 1, 12, {"authentication_information": {"userName": "x", "Password": "y"}}]]',
        '[[0, 2, 5, {0: 1, 1: 11, 2: "Plant.Tank 1"}], [0, 3, 99, {0: "Plant.Tank 2"}]]',
        '[[0, "4", 3, {0: "Plant.Tank 3"}]]',
    )
    text = "operator, Plant.Tank 1, Plant.Tank 2, Plant.Tank 3: no authentication, password or username"
    frame = server(edn(f'[[2, 65, {{0: -32001, 1: "{text}"}}]]'))
    assert secrets.without(frame) is frame


def test_nothing_is_blanked_before_it_was_sent_nor_in_another_session() -> None:
    frame = server(edn(f'[[2, 65, {{0: -32001, 1: "{SECRET}"}}]]'))
    assert SessionSecrets().without(frame) is frame


def test_bytes_that_only_look_like_a_secret_keep_their_heads() -> None:
    """The head of a text of five bytes is the letter e."""
    frame = server(edn('[[1, 1, "Plant"]]'))
    assert b"ePlant" in frame.payload
    assert password("ePlant12").without(frame) is frame
    longer = server(edn('[[1, 1, "Plant", "12"]]'))
    assert password("ePlantb12").without(longer) is longer


@pytest.mark.parametrize("cut", range(1, 7))
def test_what_cannot_be_decoded_is_searched_as_text(cut: int) -> None:
    whole = edn(f'[[2, 65, {{0: -32001, 1: "{SECRET}{SECRET}"}}]]')
    kept = after(LOGIN).without(server(whole[:-cut])).payload
    assert kept == whole[:-cut].replace(SECRET.encode(), STARS.encode())[: -(len(SECRET) - cut)] + (
        STARS[: len(SECRET) - cut].encode()
    )
    assert str(cbor.decode(kept).error) == str(cbor.decode(whole[:-cut]).error)


@pytest.mark.parametrize("kept", range(4, 17))
def test_of_a_frame_that_was_cut_a_secret_at_the_end_is_blanked(kept: int) -> None:
    whole = edn(f'[[2, 65, {{0: -32001, 1: "no: {SECRET}"}}]]')
    beginning = whole[: whole.index(SECRET.encode()) + kept]
    blanked = after(LOGIN).without(server(beginning), is_cut=True).payload
    assert blanked == beginning[:-kept] + b"*" * kept


def test_text_messages_and_close_reasons_are_searched() -> None:
    secrets = after(LOGIN)
    assert secrets.without(server(f"no: {SECRET}".encode(), is_text=True)).payload == f"no: {STARS}".encode()
    assert secrets.without_in(f"no: {SECRET}") == f"no: {STARS}"
    assert secrets.without_in("no: not-a-real-s") == "no: ************"
    assert secrets.without_in("going \udcff away") == "going \udcff away"
    assert secrets.without_in(None) is None


def test_a_text_message_is_a_secret_until_the_next_one() -> None:
    secrets = SessionSecrets()
    text = f'{{"token": "{SECRET}"}}'
    secrets.without(client(text.encode(), is_text=True))
    assert secrets.without_in(f"what is {text}?") == f"what is {'*' * len(text)}?"
    assert secrets.without_in(f"what is {text[:20]}") == f"what is {'*' * 20}"
    assert secrets.without_in(f"what is a token {SECRET}?") == f"what is a token {STARS}?"
    secrets.without(client(b"something else", is_text=True))
    assert secrets.without_in(f"what is {text}?") == f"what is {text}?"


def test_a_bounded_number_is_remembered_the_newest_ones() -> None:
    secrets = after(*(f'[[0, 65, 12, {{0: 121({{0: "token {n:04}"}})}}]]' for n in range(1000)))
    assert len(secrets.values) == 32
    assert said(secrets, "token 0999") == "**********"
    tracemalloc.start()
    try:
        for _ in range(40):
            secrets.without(client(edn(f'[[0, 65, 12, {{0: 121({{0: "{SECRET * 10_000}"}})}}]]')))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 100_000
    longer = SECRET * 1000
    assert said(secrets, f"is {longer}") == f"is {'*' * len(longer)}"


def test_what_is_remembered_is_not_shown_and_can_be_handed_on() -> None:
    secrets = after(LOGIN)
    assert SECRET not in f"{secrets!r} {secrets}"
    assert said(SessionSecrets(secrets.values), SECRET) == STARS


def test_where_there_are_too_many_echoes_all_strings_behind_are_blanked() -> None:
    answer = b"\x9a\x00\x01\x00\x00" + edn(f'"{SECRET}"') * 65535 + edn('"good"')
    kept = after(LOGIN).without(server(answer)).payload
    assert kept == answer.replace(SECRET.encode(), STARS.encode()).replace(b"good", b"****")


@settings(max_examples=100)
@given(
    st.lists(st.one_of(encodings, st.just(edn(f'"{SECRET}"')), st.just(SECRET.encode()))), st.integers(0, 9)
)
def test_a_blanked_answer_has_its_structure_and_no_secret_in_a_string(parts: list[bytes], cut: int) -> None:
    answer = b"".join(parts)
    answer = answer[: len(answer) - cut]
    kept = after(LOGIN).without(server(answer)).payload
    before, behind = cbor.decode(answer), cbor.decode(kept)
    assert before.error == behind.error
    shape = [(item.kind, item.start, item.end) for root in before.items for item in cbor.walk(root)]
    assert shape == [(item.kind, item.start, item.end) for root in behind.items for item in cbor.walk(root)]
    for root in behind.items:
        for item in cbor.walk(root):
            assert not isinstance(item.value, str) or SECRET not in item.value
