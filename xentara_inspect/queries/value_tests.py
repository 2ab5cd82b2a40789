"""Values that are asked for by a comparison: `> 42`, `!= true`, `Running`."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from xentara_inspect.queries.databases import Database
from xentara_inspect.queries.found import FoundPackets, found_packets
from xentara_inspect.queries.unknown import QuestionError
from xentara_inspect.queries.values import reading_json
from xentara_inspect.queries.where import Condition, Several, any_of, several

_COMPARISON: Final = re.compile(r"\s*(==|!=|<=|>=|=|<|>)?\s*(.*?)\s*", re.DOTALL)
_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq, "==": operator.eq, "!=": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_IN_SQL: Final = {"==": "="}
_NUMBERS: Final = ("integer", "float")
_TEXTS: Final = ("text", "time", "boolean", "null")
_NAN: Final = "NaN"
_WORDS: Final = {True: "true", False: "false", None: "null"}


class ValueTest:
    """A comparison with a number, or with a text where the operand is none or is in quotes.

    Only what is alike is compared: a number with numbers, a text with texts, times in ISO 8601, `true`,
    `false` and `null`. An error in the place of a value passes no test.
    """

    def __init__(self, comparison: str) -> None:
        """Raises QuestionError where there is nothing to compare with."""
        match = _COMPARISON.fullmatch(comparison)
        word, operand = (match[1] or "=", match[2]) if match is not None else ("=", "")
        if not operand:
            raise QuestionError(f"{comparison!r} compares with nothing; say such as '> 42' or '= true'")
        self._word = word
        self._compare = _OPERATORS[word]
        self._number = _number(operand)
        quoted = len(operand) > 1 and operand[0] == operand[-1] and operand[0] in "'\""
        self._text = operand[1:-1] if quoted else operand

    def passes(self, value: Any, kind: str) -> bool:
        """Whether a reading passes. value: as its column has it."""
        if self._number is not None:
            number = _number(value) if isinstance(value, str) else value
            return kind in _NUMBERS and number is not None and self._compare(number, self._number)
        if kind not in _TEXTS and value != _NAN:
            return False
        shown = reading_json(value, kind)
        return self._compare(_WORDS.get(shown, shown), self._text)

    def condition(self, value: str, kind: str) -> Condition:
        """A condition on two columns that all readings that pass fulfil, and few others."""
        if self._number is None:
            return f"(typeof({value}) IN ('text', 'null') OR {kind} IN ('time', 'boolean'))", []
        # Numbers that no column can hold are text.
        as_text = f"({kind} IN {_NUMBERS} AND typeof({value}) = 'text')"
        as_number = f"typeof({value}) IN ('integer', 'real')"
        if isinstance(self._number, int) and abs(self._number) >> 63:
            return f"({as_number} OR {as_text})", []
        compared = f"{value} {_IN_SQL.get(self._word, self._word)} ?"
        return f"({as_number} AND {compared} OR {as_text})", [self._number]


class WantedValues:
    """Comparisons of which a reading must pass one."""

    def __init__(self, comparisons: Sequence[str]) -> None:
        self._tests = [ValueTest(comparison) for comparison in comparisons]

    def passes(self, value: Any, kind: str) -> bool:
        """Whether a reading passes. value: as its column has it."""
        return any(test.passes(value, kind) for test in self._tests)

    def packets(self, file: Database) -> FoundPackets:
        """The packets of all readings that pass, and few others. Raises StoreError."""
        new = file.news.of_packets("r.packet_id") if file.news is not None else "1"
        tests = [test.condition("r.value", "r.value_kind") for test in self._tests]
        value, value_parameters = any_of(tests)
        quality, parameters = any_of([test.condition("r.quality", "'integer'") for test in self._tests])
        search = (
            f"SELECT r.packet_id FROM attribute_values r WHERE {new} AND"  # noqa: S608 - see condition
            f" ({value} OR (r.quality_position IS NOT NULL AND {quality}))"
        )
        return found_packets(file, [(search, [*value_parameters, *parameters])])


def wanted_values(comparisons: Several[str]) -> WantedValues | None:
    """What is asked of values; None for nothing. Raises QuestionError where it compares with nothing."""
    return WantedValues(several(comparisons)) if several(comparisons) else None


def _number(text: str) -> int | float | None:
    """The number that a text is, in JSON or as Python writes it."""
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text) if len(text) < 1000 else None
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number
