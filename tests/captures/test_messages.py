"""Messages out of the bytes of one direction, also of such as nobody would take."""

from __future__ import annotations

import pytest

from xentara_inspect.captures.messages import Closed, MessageReader, NoMessageError


def read(*parts: str) -> list[tuple[int, bytes] | Closed]:
    """What a server said, in hex, piece by piece."""
    reader = MessageReader(from_client=False, extensions="")
    return [message for part in parts for message in reader.messages(bytes.fromhex(part))]


def test_fragments_are_joined_and_pings_between_them_left_out() -> None:
    assert read("02 01 83 89 00 00 01 01", "80 02 0e", "f5 81 00") == [(2, b"\x83\x01\x0e\xf5"), (1, b"")]


def test_text_that_is_none_is_read_as_it_is() -> None:
    assert read("81 05 67 72 fc df 65 01 01 c3 80 01 bc") == [(1, b"gr\xfc\xdfe"), (1, "ü".encode())]


@pytest.mark.parametrize(
    ("close", "closed"),
    [
        ("88 00", Closed(1005, "")),
        ("88 01 03", Closed(1005, "")),
        ("88 02 0005", Closed(5, "")),
        ("88 02 03ee", Closed(1006, "")),
        ("88 02 ffff", Closed(65535, "")),
        ("88 06 03e8 62 fc 78 65", Closed(1000, "b\\xfcxe")),
    ],
)
def test_a_connection_is_closed_with_whatever_code_and_nothing_is_read_behind(
    close: str, closed: Closed
) -> None:
    assert read("82 01 80", f"{close} 82 01", "81") == [(2, b"\x80"), closed]


@pytest.mark.parametrize("frames", ["80 01 80", "02 01 80 82 01 80"], ids=["no first one", "no last one"])
def test_fragments_that_do_not_fit_each_other_are_no_message(frames: str) -> None:
    with pytest.raises(NoMessageError, match="fragments do not fit each other"):
        read(frames)
