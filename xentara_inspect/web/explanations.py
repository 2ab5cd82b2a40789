"""What errors and findings mean, and what helps: the one place where a page asks for it."""

from __future__ import annotations

from typing import NamedTuple

from xentara_inspect.protocol.error_codes import ERROR_NAMES, VENDOR_ERROR_TEXTS
from xentara_inspect.queries.causes import code_of_error, rule_of


class Explanation(NamedTuple):
    """What is asked for, or what an error means; where that stands; what helps. Empty where not known."""

    meaning: str
    source: str
    remedy: str


def explained(code: str | int | None, opcode: int | None = None) -> Explanation:
    """The explanation of a finding, by its code, or of an error, by its number.

    opcode: what the error answers, where its name depends on that.
    """
    rule = rule_of(code if isinstance(code, str) else code_of_error(code, opcode))
    meaning = VENDOR_ERROR_TEXTS.get(code, "") if isinstance(code, int) else ""
    if isinstance(code, int) and meaning == ERROR_NAMES.get(code, "").lower():
        meaning = ""  # the name says it
    said = f"{meaning}; asked for: {rule.asks}" if meaning else rule.asks
    return Explanation(said, rule.source, rule.remedy)
