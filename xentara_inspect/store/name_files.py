"""Files that name elements: Xentara's own `model.json`, and CSV of UUID and name.

Of a model, elements nest in `children`, each as `{"@Type": {"name", "UUID", "children"}}`; the primary key
is the names from the root on, joined by dots (schema-xentara-model.json at docs.xentara.io). JSON is read
with or without these wrappers, so that what `names --json` prints is such a file too.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from xentara_inspect.escape import safe
from xentara_inspect.store.database import Path, open_for_writing
from xentara_inspect.store.errors import from_sqlite
from xentara_inspect.store.given_names import give_names
from xentara_inspect.traffic.names import uuid_from_text

_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_MOST: Final = 256 << 20  # bytes of what is no file: a device has no end
_SEPARATORS: Final = ",;\t"
_UUID: Final = "uuid"
_NAME_KEYS: Final = ("name", "primary_key", "primary key", "key")
"""What the columns of names are called, in lower case."""


class NameFileError(Exception):
    """A file that is none of names. The message is one line for people: file, place, what is wrong."""


class Given(NamedTuple):
    """What became of a file. names: in it; news: those that neither a file nor the traffic told before."""

    names: int
    news: int


def import_names(connection: sqlite3.Connection, path: Path, now: int) -> Given:
    """Remember the names of a file; they hold at once. now: nanoseconds since 1970.

    Raises NameFileError, sqlite3.Error.
    """
    names = read_names(path)
    source = os.fsencode(os.path.basename(path)).decode(errors="replace")
    return Given(len(names), give_names(connection, source, names, now))


def import_into(database: Path, paths: Iterable[Path], now: int) -> Iterator[Given]:
    """The same for a database, which is made if there is none. Raises NameFileError, StoreError."""
    with contextlib.closing(open_for_writing(database)) as connection:
        for path in paths:
            try:
                yield import_names(connection, path, now)
            except sqlite3.Error as error:
                raise from_sqlite(os.fspath(database), error) from None


def read_names(path: Path) -> dict[bytes, str]:
    """Primary keys by UUID. Raises NameFileError."""
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            content = file.read(-1 if os.path.isfile(name) else _MOST + 1)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise NameFileError(f"{name} cannot be read: {reason}") from None
    if len(content) > _MOST and not os.path.isfile(name):
        raise NameFileError(f"{name} is larger than {_MOST >> 20} MiB")
    try:
        text = _decoded(content)
        found = dict(_of_model(text) if text.lstrip()[:1] in ("{", "[") else _of_csv(text))
        for key in found.values():
            key.encode()
    except _BadPlaceError as error:
        raise NameFileError(f"{name}, {error}") from None
    except UnicodeEncodeError as error:
        raise NameFileError(f"{name}: the name {error.object!a} is no text") from None
    if not found:
        raise NameFileError(f"{name} names no element: it is neither a model.json nor CSV of UUID and name")
    return found


class _BadPlaceError(Exception):
    """Where in a file, and what is wrong there."""


def _decoded(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in _UTF_16 else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _BadPlaceError(f"line {line}: byte {error.start} is no {error.encoding.upper()}") from None


# model.json


def _of_model(text: str) -> Iterator[tuple[bytes, str]]:
    try:
        model = json.loads(text)
    except json.JSONDecodeError as error:
        raise _BadPlaceError(f"line {error.lineno}, column {error.colno}: no JSON ({error.msg})") from None
    except RecursionError:
        raise _BadPlaceError("somewhere in it: nested too deeply") from None
    except ValueError:
        raise _BadPlaceError("somewhere in it: a number has too many digits") from None
    waiting = [("", model)]
    while waiting:
        prefix, node = waiting.pop()
        if isinstance(node, list):
            waiting += [(prefix, child) for child in reversed(node)]
        elif isinstance(node, dict):
            key = _joined(prefix, _text_of(node, _NAME_KEYS))
            uuid = _text_of(node, (_UUID,))
            if uuid and key != prefix:
                yield _checked(uuid, f"at {safe(key)}"), key
            inside = [child for field, child in node.items() if field == "children" or field[:1] == "@"]
            if not (inside or uuid or prefix):
                inside = list(node.values())  # something around the model
            waiting += [(key, child) for child in reversed(inside)]


def _joined(prefix: str, name: str) -> str:
    """The primary key of an element in another one. A name in brackets follows without a dot."""
    return f"{prefix}.{name}" if prefix and name and not name.startswith("[") else prefix + name


def _text_of(node: dict[str, Any], keys: Sequence[str]) -> str:
    for field, value in node.items():
        if field.lower() in keys and isinstance(value, str):
            return value
    return ""


# CSV


def _of_csv(text: str) -> Iterator[tuple[bytes, str]]:
    first = next(filter(None, map(str.strip, text.splitlines())), "")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(_SEPARATORS, key=first.count))
    columns: tuple[int, int] | None = None
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if columns is None:
                columns, is_heading = _columns(cells)
                if is_heading:
                    continue
            place = f"line {rows.line_num}"
            if len(cells) <= max(columns):
                raise _BadPlaceError(f"{place}: no UUID and name")
            uuid, name = (cells[column] for column in columns)
            if name:
                yield _checked(uuid, place), name
    except csv.Error as error:
        raise _BadPlaceError(f"line {rows.line_num}: no CSV ({error})") from None


def _columns(cells: Sequence[str]) -> tuple[tuple[int, int], bool]:
    """Where UUID and name stand, by the first line, and whether that is a heading."""
    words = [cell.lower() for cell in cells]
    names = [index for index, word in enumerate(words) if word in _NAME_KEYS]
    if _UUID in words and names:
        return (words.index(_UUID), names[0]), True
    is_second = len(cells) > 1 and uuid_from_text(cells[0]) is None and uuid_from_text(cells[1]) is not None
    return ((1, 0) if is_second else (0, 1)), False


def _checked(uuid: str, place: str) -> bytes:
    found = uuid_from_text(uuid)
    if found is None:
        raise _BadPlaceError(f"{place}: '{safe(uuid[:40])}' is no UUID")
    return found
