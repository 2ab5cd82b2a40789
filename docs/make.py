"""Writes the generated parts of the pages in this folder: `python docs/make.py --write`.

A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->`. Without `--write` the
pages that are not up to date are named, and the exit status is 1. The tests check it too.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final
from uuid import UUID

FOLDER: Final = Path(__file__).parent
if __name__ == "__main__":
    sys.path.insert(0, str(FOLDER.parent))

import cbor2

from docs.json_page import JSON_PARTS
from docs.lake_page import LAKE_PARTS
from docs.schema_page import SCHEMA_PARTS
from xentara_inspect.notation.messages import Context, annotate, annotate_message
from xentara_inspect.protocol import commands, error_codes, identifiers, shape_types
from xentara_inspect.proxy.metrics import METRICS
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.rules import RULES
from xentara_inspect.traffic.thresholds import THRESHOLDS

PAGES: Final = tuple(
    FOLDER / f"{page}.md"
    for page in ("notation", "protocol", "schema", "queries", "json", "findings", "lake", "health")
)
_PART: Final = re.compile(r"(<!-- generated: ([\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)

ELEMENT: Final = UUID("e3ee1071-4d88-4ba1-8e5d-0f1e4ce25ee8")
SUBSCRIPTION: Final = UUID("0b5c2f4e-9a1d-4c3b-8e7f-112233445566")
NAMES: Final = Names(elements={ELEMENT.bytes: "Plant.Tank 1.Level"})


def _notation(message: object, *answered: int) -> Callable[[], str]:
    """An example in annotated notation. answered: opcodes that the responses in it answer."""
    payload = message if isinstance(message, bytes) else cbor2.dumps(message)
    contexts = {number: Context(opcode, ELEMENT.bytes) for number, opcode in enumerate(answered, 1)}

    def generate() -> str:
        text = annotate_message(packets.parse(payload), payload, contexts=contexts, names=NAMES)
        return f"```\n{text.rstrip()}\n```"

    return generate


def _table(heading: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    heading = tuple(heading)
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _type_name(shape: shape_types.Shape) -> str:
    """How the tables call what may stand in a place."""
    names: dict[type, Callable[[shape_types.Shape], str]] = {
        shape_types.Anything: lambda _: "anything",
        shape_types.Integer: lambda s: getattr(s, "enumeration", "").lower() or "integer",
        shape_types.Boolean: lambda _: "boolean",
        shape_types.Text: lambda _: "text",
        shape_types.Bytes: lambda _: "bytes",
        shape_types.Uuid: lambda s: f"{getattr(s, 'role', 'UUID')} UUID",
        shape_types.AttributeId: lambda _: "attribute id or UUID",
        shape_types.TimePoint: lambda _: "time stamp",
    }
    if isinstance(shape, shape_types.ArrayOf):
        return f"[{_type_name(shape.element)}, …]"
    if isinstance(shape, shape_types.MapOf):
        return f"{{{_type_name(shape.key)}: {_type_name(shape.value)}}}"
    if isinstance(shape, shape_types.Object):
        return "{" + ", ".join(f"{field.key}: {field.name}" for field in shape.fields) + "}"
    if isinstance(shape, shape_types.Alternatives):
        return " or ".join(f"{option.tag}({option.name.lower()})" for option in shape.options)
    return names[type(shape)](shape)


def _commands() -> str:
    rows = []
    for command in commands.COMMANDS.values():
        fields = command.parameters.fields if command.parameters else ()
        parameters = "<br>".join(
            f"{field.key}: {field.name}{'?' if field.optional else ''} ({_type_name(field.shape)})"
            for field in fields
        )
        name = f"{command.name} (inferred)" if command.inferred else command.name
        result = _type_name(command.result) if command.result is not None else ""
        rows.append((command.opcode, name, parameters, result, " ".join(map(str, command.errors))))
    return _table(
        ("OpCode", "command", "parameters (? optional)", "result", "errors beyond the common ones"), rows
    )


def _packets() -> str:
    return _table(
        ("type", "packet", "array"),
        (
            (number, name, f"`[{number}, {', '.join(identifiers.PACKET_LAYOUTS[number])}]`")
            for number, name in identifiers.PACKET_TYPES.items()
        ),
    )


def _errors() -> str:
    rows = []
    for code, name in error_codes.ERROR_NAMES.items():
        special = [
            f"{command.name}: {command.error_names[code]}"
            for command in commands.COMMANDS.values()
            if command.error_names.get(code, name) != name
        ]
        rows.append((code, name, "; ".join(special), error_codes.VENDOR_ERROR_TEXTS[code]))
    return _table(("code", "name", "as answer to", "text of the vendor's client"), rows)


def _attributes() -> str:
    uuids = {number: uuid for uuid, number in identifiers.ATTRIBUTE_UUIDS.items()}
    return _table(
        ("id", "attribute", "UUID"),
        ((number, name, f"`{uuids[number]}`") for number, name in identifiers.ATTRIBUTES.items()),
    )


def _enumeration(table: shape_types.EnumTable) -> Callable[[], str]:
    return lambda: _table(("number", "meaning"), table.items())


_TIME: Final = cbor2.CBORTag(1001, {4: cbor2.CBORTag(4, [-9, 1700000000123456789])})
_EVENT: Final = [8, 0, {0: _TIME, 1: ELEMENT, 2: {11: cbor2.CBORTag(121, 21), 9: cbor2.CBORTag(121, 0)}}]


def _findings() -> str:
    rows = (
        (f"`{code}`", rule.severity, rule.asks, rule.source, rule.remedy)
        for code, rule in sorted(RULES.items())
    )
    return _table(("code", "severity", "what is asked for", "where", "what helps"), rows)


def _metrics() -> str:
    return _table(("metric", "kind", "what"), ((f"`{m.name}`", m.kind, m.says) for m in METRICS))


def _thresholds() -> str:
    rows = ((f"`{code}`" if code else "all", value, reason) for code, _, value, reason in THRESHOLDS)
    return _table(("code", "threshold", "why"), rows)


GENERATED: Final[dict[str, Callable[[], str]]] = {
    "request": _notation([[0, 65, 4, {0: ELEMENT, 1: [11, 9, SUBSCRIPTION]}]]),
    "success": _notation(
        [[1, 65, {11: cbor2.CBORTag(121, 21), 9: cbor2.CBORTag(122, {0: -32109, 1: "read error"})}]], 4
    ),
    "success unknown": _notation([[1, 65, ELEMENT]]),
    "error": _notation([[2, 66, {0: -32103, 1: "value is read only"}]], 5),
    "event": _notation([_EVENT]),
    "malformed": _notation(cbor2.dumps([_EVENT])[:45]),
    "not a packet": _notation(cbor2.dumps([[0, 65]])),
    "trailing": lambda: f"```\n{annotate(bytes.fromhex('818300184108 f6')).rstrip()}\n```",
    "packets": _packets,
    "commands": _commands,
    "errors": _errors,
    "attributes": _attributes,
    "categories": _enumeration(identifiers.ELEMENT_CATEGORIES),
    "qualities": _enumeration(identifiers.QUALITIES),
    "stages": _enumeration(identifiers.OPERATIONAL_STAGES),
    "server information": _enumeration(identifiers.SERVER_INFORMATION),
    "meta data": _enumeration(identifiers.META_DATA),
    "access": _enumeration(identifiers.ATTRIBUTE_ACCESS),
    "data types": _enumeration(identifiers.ATTRIBUTE_DATA_TYPES),
    "event types": _enumeration(identifiers.EVENT_TYPES),
    "findings": _findings,
    "thresholds": _thresholds,
    "metrics": _metrics,
    **SCHEMA_PARTS,
    **JSON_PARTS,
    **LAKE_PARTS,
}


def regenerated(text: str) -> str:
    """A page with its generated parts as they ought to be. KeyError for a part that nothing generates."""
    return _PART.sub(lambda match: f"{match[1]}{GENERATED[match[2]]()}\n{match[3]}", text)


def main(arguments: list[str]) -> int:
    """Write the pages, or name those that are not up to date."""
    stale = 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        wanted = regenerated(text)
        if text == wanted:
            continue
        if "--write" in arguments:
            page.write_text(wanted, encoding="utf-8")
        else:
            sys.stderr.write(f"{page} is not up to date: python docs/make.py --write\n")
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
