"""`show`: exchanges, events and messages, whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from xentara_inspect.cli import options
from xentara_inspect.cli.failures import Failure
from xentara_inspect.cli.output import json_text, milliseconds, severity_style, status_style
from xentara_inspect.cli.printing import out
from xentara_inspect.cli.reading import opened
from xentara_inspect.escape import safe

_SIDES: Final = (("request", "from the client"), ("response", "from the server"))


@click.command(epilog=options.examples("show 42p1", "show 42p1 43p2 --json", "show 42"))
@click.argument("names", metavar="ID...", nargs=-1, required=True)
@options.databases_option
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form."
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def show(names: tuple[str, ...], databases: tuple[str, ...], form: str, as_json: bool) -> None:
    """Show exchanges, events or messages in annotated notation.

    ID is what `log` prints: 42p1 is the first packet of message 42, with its request or response;
    42 is the whole message. With databases of several recordings the name of the file comes before.
    """
    from xentara_inspect.queries.show import show as shown

    with opened(databases) as asked:
        rows = []
        for name in names:
            row = shown(asked, name)
            if row is None:
                raise Failure(f"{name} is not in {' '.join(databases)}; `xentara-inspect log` lists what is")
            rows.append(row)
    if as_json or form == "json":
        out(json_text(rows, indent=2))
        return
    for number, row in enumerate(rows):
        if number:
            out("")
        for line in text_lines(row):
            out(line)


def text_lines(row: Mapping[str, Any]) -> Iterator[str]:
    """What is shown of a row with `SHOW_KEYS`, with colours for terminals; all text is escaped."""
    yield _headline(row)
    for side, direction in _SIDES:
        packet = row[side]
        if packet is not None:
            place = f"message {packet['frame']}"
            if packet["position"]:
                place += f", packet {packet['position']}"
            title = side if row["kind"] == "exchange" else row["kind"]
            yield f"\n{_bold(title.capitalize())} · {packet['time']} · {place}, {direction}\n"
            yield packet["notation"].rstrip("\n")
        elif row["kind"] == "exchange":
            yield f"\n{_bold(side.capitalize())} · none"
    if row["findings"]:
        yield f"\n{_bold('Findings')}"
        for finding in row["findings"]:
            severity = click.style(finding["severity"], fg=severity_style(finding["severity"]) or None)
            yield f"  {severity} {finding['code']}: {safe(finding['message'])}"


def _headline(row: Mapping[str, Any]) -> str:
    parts = [_bold(f"{row['kind']} {row['id']}"), f"session {row['session']}"]
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
    return " · ".join(parts)


def _bold(text: str) -> str:
    return click.style(text, bold=True)
