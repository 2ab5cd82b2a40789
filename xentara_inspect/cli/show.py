"""`show`: exchanges, events and messages, whole; in notation, as structure, or their bytes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, TypeVar

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.failures import Failure
from xentara_inspect.cli.output import json_text, milliseconds, print_rows, severity_style, status_style
from xentara_inspect.cli.pager import paged
from xentara_inspect.cli.printing import out, terminal_width
from xentara_inspect.cli.reading import opened
from xentara_inspect.cli.wrapping import bold, joined, wrapped
from xentara_inspect.escape import safe
from xentara_inspect.queries.databases import Databases

_SIDES: Final = (("request", "from the client"), ("response", "from the server"))
_FORMS: Final = ("text", "json", "ndjson", "hex", "raw")
Found = TypeVar("Found")


@click.command(
    epilog=options.examples(
        "show 42p1", "show last", "show 40-45 --json", "show 42p1 --hex", "show 42 --raw > message.cbor"
    )
)
@click.argument("names", metavar="ID...", nargs=-1, required=True, shell_complete=options.offering("shown"))
@options.databases_option
@options.form_option(_FORMS, "Form; hex and raw are the bytes.")
def show(names: tuple[str, ...], databases: tuple[str, ...], form: str) -> None:
    """Show exchanges, events or messages in annotated notation.

    ID is what `log` prints: 42p1 is the first packet of message 42, with its request or response;
    42 is the whole message; last is the last line of `log`; 42p1-42p9 and 40-45 are all from the
    first to the second. With databases of several recordings the name of the file comes before.

    --hex and --raw give the bytes of the packet or message itself, secrets blanked: a line each, or
    one behind the other.
    """
    from xentara_inspect.queries.show import SHOW_KEYS, payload
    from xentara_inspect.queries.show import show as shown

    if form == "raw" and sys.stdout.isatty():
        raise Failure("a terminal is no place for raw bytes: take --hex, or send them to a file or program")
    with opened(databases) as asked, paged():
        if form in ("hex", "raw"):
            for found in _found(asked, names, databases, payload):
                out(found.hex()) if form == "hex" else click.echo(found, nl=False)
            return
        rows = _once(_found(asked, names, databases, shown))
        if form == "ndjson":
            print_rows(rows, SHOW_KEYS, (), form)
        else:
            _print_json(rows) if form == "json" else _print_texts(rows)


def _found(
    asked: Databases,
    names: Sequence[str],
    paths: Sequence[str],
    query: Callable[[Databases, str], Found | None],
) -> Iterable[Found]:
    """What a query finds under each name, ranges as they are read. Raises Failure where that is nothing."""
    from xentara_inspect.queries.ranges import LAST, is_range, last, within
    from xentara_inspect.store.addresses import parse_address

    parts: list[Iterable[Found]] = []
    for name in names:
        place = last(asked) if name == LAST else name
        if is_range(name):
            several = _several(asked, within(asked, name), query)
            first = next(several, None)
            parts.append(chain([first], several) if first is not None else [])
        else:
            first = query(asked, place) if place is not None else None
            parts.append([first] if first is not None else [])
        if first is None:
            if name != LAST and not is_range(name) and parse_address(name.rpartition(":")[2]) is None:
                raise Failure(f"{name} is no ID such as 42p1; `xentara-inspect log` lists them")
            raise Failure(f"{name} is not in {' '.join(paths)}; `xentara-inspect log` lists what is")
    return chain.from_iterable(parts)


def _several(
    asked: Databases, names: Iterable[str], query: Callable[[Databases, str], Found | None]
) -> Iterator[Found]:
    return (found for name in names if (found := query(asked, name)) is not None)


def _once(rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Rows without those that stood there before: of an exchange both packets may be asked for."""
    seen = set()
    for row in rows:
        if row["id"] not in seen:
            seen.add(row["id"])
            yield row


def _print_json(rows: Iterable[Mapping[str, Any]]) -> None:
    for number, row in enumerate(rows):
        out("[" if number == 0 else ",")
        text = json_text(row, indent=2)
        out("  " + text.replace("\n", "\n  "), newline=False)
    out("\n]")


def _print_texts(rows: Iterable[Mapping[str, Any]]) -> None:
    troubled = None
    for number, row in enumerate(rows):
        if number:
            out("")
        for line in text_lines(row, terminal_width()):
            out(line)
        if row["findings"] or row["status"] not in (None, "ok"):
            troubled = troubled or row["id"]
    if troubled is not None and terminal_width() is not None:
        out("\n" + click.style(f"xentara-inspect why {troubled} says why", dim=True))


def text_lines(row: Mapping[str, Any], width: int | None = None) -> Iterator[str]:
    """What is shown of a row with `SHOW_KEYS`, with colours for terminals; all text is escaped.

    width: of the terminal, where lines that are longer go on below.
    """
    yield _headline(row, width)
    for side, direction in _SIDES:
        packet = row[side]
        if packet is not None:
            place = f"message {packet['frame']}"
            if packet["position"]:
                place += f", packet {packet['position']}"
            title = bold((side if row["kind"] == "exchange" else row["kind"]).capitalize())
            yield f"\n{joined([title, packet['time'], f'{place}, {direction}'], width)}\n"
            yield wrapped(packet["notation"].rstrip("\n"), width)
        elif row["kind"] == "exchange":
            yield f"\n{bold(side.capitalize())} · none"
    if row["findings"]:
        yield f"\n{bold('Findings')}"
        for finding in row["findings"]:
            severity = click.style(finding["severity"], fg=severity_style(finding["severity"]) or None)
            words = f"{finding['code']}: {safe(finding['message'])}".split(" ")
            yield joined([f"  {severity}", *words], width, " ", indent=4)


def _headline(row: Mapping[str, Any], width: int | None) -> str:
    parts = [bold(f"{row['kind']} {row['id']}"), f"session {row['session']}"]
    if row["command"] is not None:
        parts.append(row["command"])
    if row["status"] is not None:
        parts.append(click.style(row["status"], fg=status_style(row["status"]) or None))
    if row["error_code"] is not None:
        parts.append(f"{row['error_code']} {row['error_name'] or 'unknown error'}")
    if row["latency_ms"] is not None:
        parts.append(f"{milliseconds(row['latency_ms'])} ms")
    if row["element"] is not None:
        parts.append(safe(row["element"]))
    return joined(parts, width)
