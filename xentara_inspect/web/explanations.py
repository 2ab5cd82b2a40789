"""What errors and findings mean, and what helps: the one place where a page asks for it."""

from __future__ import annotations

from typing import NamedTuple

from xentara_inspect.protocol.commands import COMMANDS
from xentara_inspect.protocol.error_codes import COMMON_ERRORS, ERROR_NAMES, VENDOR_ERROR_TEXTS
from xentara_inspect.traffic.rules import RULES


class Explanation(NamedTuple):
    """What is asked for, or what an error means; where that stands; what helps. Empty where not known."""

    meaning: str
    source: str
    remedy: str


def explained(code: str | int | None) -> Explanation:
    """The explanation of a finding, by its code, or of an error, by its number."""
    rule = RULES.get(code) if isinstance(code, str) else None
    if rule is not None:
        return Explanation(rule.asks, rule.source, rule.remedy)
    if not isinstance(code, int) or code not in ERROR_NAMES:
        return Explanation("an error code of no page", "", RULES["undocumented-error-code"].remedy)
    meaning = VENDOR_ERROR_TEXTS.get(code, "")
    if meaning == ERROR_NAMES[code].lower():
        meaning = ""  # the name says it
    answering = [row.name for row in COMMANDS.values() if code in row.errors]
    source = f"pages of {', '.join(answering)}" if answering else ""
    return Explanation(meaning, "all pages" if code in COMMON_ERRORS else source, "")
