"""What is different in two answers, to the point: `Value: 21.5 → 22`, `elements[2].primary_key: "A" → "B"`.

Taken are the structures of `comparable`; the text is for people, and escaped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import takewhile
from typing import Any, Final, NamedTuple

from xentara_inspect.escape import safe
from xentara_inspect.queries.alignment import matches
from xentara_inspect.queries.comparable import Structure, is_same, number_of
from xentara_inspect.queries.words import value_text
from xentara_inspect.traffic.records import Status

NOTHING: Final = "nothing"
"""What stands where there is none."""

_SAME: Final = 40
_BEFORE: Final = 10
"""Of texts that are the same for longer, so many characters are shown before the place where they differ."""
_SUCCESS, _ERROR = "Success", "Error"
_PLAIN: Final = (
    {"value", "name"}, {"uuid"}, {"uuid", "name"}, {"uuid", "element"}, {"uuid", "elements"}, {"bytes"},
    {"time"}, {"simple"}, {"notation"}, {"invalid_text"}, {"float"}, {"given"}, {"secret"},
)  # fmt: skip
"""Keys of structures that have nothing in them to be told apart."""


class Change(NamedTuple):
    """What is different. kind: `answer`, `value` or `error`."""

    kind: str
    detail: str


def changes_of_answers(one: Structure, other: Structure) -> Iterator[Change]:
    """What is different in what came of a request: its status, the error, the result."""
    if one["status"] != other["status"] or not is_same(one.get("error"), other.get("error")):
        here, there = outcome(one), outcome(other)
        if here == there:
            here, there = said(one.get("error")), said(other.get("error"))
        yield Change("error", arrow(here, there))
    elif not is_same(one.get("result"), other.get("result")):
        yield from changes(one.get("result"), other.get("result"))


def changes(one: Structure, other: Structure, path: str = "", kind: str = "answer") -> Iterator[Change]:
    """What is different in two structures; nothing if they are the same. path: where they stand."""
    if is_same(one, other):
        return
    if _has(one, "entries") and _has(other, "entries"):
        yield from _of_entries(one["entries"], other["entries"], path)
    elif _has(one, "tag") and _has(other, "tag"):
        yield from _of_tagged(one, other, path, kind)
    elif isinstance(one, list) and isinstance(other, list):
        yield from _of_lists(one, other, path or "result", kind)
    elif _is_object(one) and _is_object(other):
        for name in dict.fromkeys((*one, *other)):
            inner = f"{path}.{name}" if path else name
            if name in one and name in other:
                yield from changes(one[name], other[name], inner, kind)
            else:
                yield _change(
                    kind, inner, *(said(side[name]) if name in side else NOTHING for side in (one, other))
                )
    else:
        yield _change(kind, path, said(one), said(other))


def _change(kind: str, path: str, one: str, other: str) -> Change:
    return Change(kind, f"{path or 'result'}: {arrow(one, other)}")


def arrow(one: str, other: str) -> str:
    """`one → other`, neither too long for a line; of long texts from shortly before they differ."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    start = same - _BEFORE if same > _SAME and max(len(one), len(other)) > _SAME + _BEFORE else 0
    dots = "…" if start else ""
    return f"{dots}{value_text(one[start:])} → {dots}{value_text(other[start:])}"


def _of_entries(one: list[Structure], other: list[Structure], path: str) -> Iterator[Change]:
    """Maps without fixed keys, such as values by attribute; a key that is there twice counts twice."""
    here, there = _by_key(one), _by_key(other)
    for key in dict.fromkeys((*here, *there)):
        inner = f"{path}.{key[0]}" if path else key[0]
        if key in here and key in there:
            yield from changes(here[key], there[key], inner)
        else:
            yield _change(
                "answer", inner, *(said(side[key]) if key in side else NOTHING for side in (here, there))
            )


def _by_key(entries: list[Structure]) -> dict[tuple[str, int, int], Structure]:
    found: dict[tuple[str, int, int], Structure] = {}
    for entry in entries:
        number, times = number_of(entry["key"]), 0
        while (said(entry["key"]), number, times) in found:
            times += 1
        found[said(entry["key"]), number, times] = entry["value"]
    return found


def _of_tagged(one: Structure, other: Structure, path: str, kind: str) -> Iterator[Change]:
    """What is tagged alike; of an attribute its value, or the error in place of it."""
    names = one.get("name"), other.get("name")
    if one["tag"] != other["tag"] or names == (_ERROR, _ERROR):
        yield _change("error" if _ERROR in names else kind, path, said(one), said(other))
    else:
        yield from changes(one["value"], other["value"], path, "value" if names[0] == _SUCCESS else kind)


def _of_lists(one: list[Structure], other: list[Structure], path: str, kind: str) -> Iterator[Change]:
    """What is equal is found wherever it stands, what is about the same thing is compared."""
    for match in matches(
        *([number_of(entry) for entry in side] for side in (one, other)),
        *([number_of(_subject(entry)) for entry in side] for side in (one, other)),
    ):
        shown = one[match.a] if match.a is not None else other[match.b or 0]
        about = _subject(shown) if _is_object(shown) else None
        at = said(about) if about is not None else (match.a if match.a is not None else match.b or 0) + 1
        place = f"{path}[{at}]"
        if match.is_moved:
            yield Change(kind, f"{place}: comes {'later' if match.comes_later else 'earlier'}")
        elif match.a is not None and match.b is not None:
            yield from changes(one[match.a], other[match.b], place, kind)
        else:
            yield _change(
                kind,
                place,
                said(one[match.a]) if match.a is not None else NOTHING,
                said(other[match.b]) if match.b is not None else NOTHING,
            )


def _subject(structure: Structure) -> Structure:
    """What something in a list is about: the UUID or the number that an object has, else just its type."""
    if not _is_object(structure):
        return type(structure).__name__
    return next((value for value in structure.values() if _has(value, "uuid") or _has(value, "value")), None)


def told_apart(detail: str, one: Structure, other: Structure) -> str:
    """The detail of a request with the parameters in which it is not like another. one, other: of both."""
    found = [detail] if detail else []
    if _is_object(one) and _is_object(other):
        for name in dict.fromkeys((*one, *other)):
            here, there = one.get(name), other.get(name)
            found += [_own(safe(name), here, there)] if not is_same(here, there) else []
    return ", ".join(found)


def _own(name: str, one: Structure, other: Structure) -> str:
    """`maximum_update_rate: 5`; of a list what the other has not: `attribute_ids with Quality`."""
    if isinstance(one, list) and isinstance(other, list):
        theirs = set(map(number_of, other))
        only = [entry for entry in one if number_of(entry) not in theirs]
        if only:
            return f"{name} with {value_text(', '.join(map(said, only)))}"
    return f"{name}: {value_text(said(one)) if one is not None else NOTHING}"


def _has(structure: Structure, key: str) -> bool:
    return isinstance(structure, dict) and key in structure


def _is_object(structure: Structure) -> bool:
    return isinstance(structure, dict) and not (
        set(structure) in _PLAIN or "entries" in structure or "tag" in structure
    )


def outcome(answer: Structure) -> str:
    """What came of a request: `ok`, `error Read Only`, `no answer`; of what nobody asked for the result."""
    if "error" in answer:
        return said({"tag": 0, "name": _ERROR, "value": answer["error"]})
    if answer["status"] == Status.UNSOLICITED and "result" in answer:
        return f"{answer['status']}: {said(answer['result'])}"
    return "no answer" if answer["status"] == Status.UNANSWERED else str(answer["status"])


def said(structure: Structure) -> str:
    """A structure in words, however long."""
    if isinstance(structure, list):
        return f"[{', '.join(map(said, structure))}]"
    if not isinstance(structure, dict):
        return safe(json.dumps(structure, ensure_ascii=False))
    if "entries" in structure:
        inner = (f"{said(entry['key'])}: {said(entry['value'])}" for entry in structure["entries"])
        return f"{{{', '.join(inner)}}}"
    if "tag" in structure:
        return _tagged(structure)
    if set(structure) in _PLAIN:
        return _plain(structure)
    return f"{{{', '.join(f'{safe(name)}: {said(value)}' for name, value in structure.items())}}}"


def _tagged(structure: dict[str, Any]) -> str:
    name, value = structure.get("name"), structure["value"]
    if name == _SUCCESS:
        return said(value)
    if name == _ERROR and _is_object(value) and "error_code" in value:
        text = value.get("error_text")
        return f"error {said(value['error_code'])}" + (f" ({said(text)})" if text is not None else "")
    return f"{name or structure['tag']} {said(value)}"


def _plain(structure: dict[str, Any]) -> str:
    if "value" in structure:
        return safe(str(structure["value"] if structure["name"] is None else structure["name"]))
    if "given" in structure:
        return "a UUID given here"
    if "bytes" in structure:
        return f"h'{structure['bytes']}'"
    known = structure.get("name") or structure.get("element")
    return safe(str(known if known is not None else next(iter(structure.values()))))
