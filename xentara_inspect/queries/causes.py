"""Why something failed: the table of causes beside that of findings, and what a cause is.

Codes of causes: those of findings, those of the server's errors (their names in kebab-case), and those
below that only a look at the traffic around tells.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from xentara_inspect.escape import safe
from xentara_inspect.protocol import commands
from xentara_inspect.protocol.connections import REFUSALS
from xentara_inspect.queries.values import Row
from xentara_inspect.store.columns import loaded_integer
from xentara_inspect.traffic.records import Severity
from xentara_inspect.traffic.rules import RULES, Rule

CAUSE_KEYS: Final = ("code", "summary", "specification", "evidence", "remedy", "severity", "details")
SHOWN_IDS: Final = 5
"""So many ids stand behind a fact at most."""

_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO

CAUSES: Final[dict[str, Rule]] = {
    # Errors of the server. What is the other side of a finding has the finding's rule.
    "parse-error": RULES["malformed-cbor"],
    "invalid-request": RULES["bad-packet-shape"],
    "command-not-found": RULES["unknown-opcode"],
    "missing-client-hello-request": RULES["hello-missing"],
    "duplicate-client-hello-request": RULES["duplicate-hello"],
    "unknown-subscription-id": RULES["unknown-subscription"],
    "internal-server-error": Rule(
        _E,
        "nothing of the client: the server failed while it carried the request out",
        "error -32603",
        "look into the server's log at that time, try it once more, and report it with the request",
    ),
    "invalid-parameter": Rule(
        _E,
        "parameters have the keys, types and ranges of the page",
        "the command's page, error -32602",
        "compare the parameters with the command's page: identifiers that exist, no nil UUID, lists as lists",
    ),
    "unknown-element": Rule(
        _E,
        "the UUID or primary key is that of an element in the server's model",
        "error -32100",
        "look the element up by its primary key on each connection, and do not keep UUIDs of another model",
    ),
    "missing-attribute": Rule(
        _E,
        "the element has the attribute",
        "read and write pages, error -32101",
        "ask meta_data for the element's attribute list, and use the identifiers in it",
    ),
    "access-denied": Rule(
        _E,
        "the user of the connection, or of the sub-session that is named, may do it",
        "error -32102",
        "log in as a user who may, or name a sub-session of one; check_access tells what it may do",
    ),
    "read-only": Rule(
        _E,
        "the attribute may be written",
        "write page, error -32103",
        "ask meta_data for the attribute's access before it is written, or write the set point instead",
    ),
    "write-only": Rule(
        _E,
        "the attribute may be read",
        "read page, error -32103; error -32104",
        "leave it out of reads and subscriptions; meta_data tells the attribute's access",
    ),
    "value-out-of-range": Rule(
        _E,
        "the value lies within the limits of the attribute",
        "write page, error -32105",
        "check the value against the limits first; negative numbers are negative CBOR integers",
    ),
    "type-mismatch": Rule(
        _E,
        "the value can be converted to or from the attribute's data type",
        "read and write pages, error -32106",
        "send the CBOR type of the attribute's data type, which meta_data tells; a number is no text",
    ),
    "illegal-value": Rule(
        _E,
        "the value is one that the attribute takes",
        "write page, error -32107",
        "send one of the values that the model allows; NaN is none",
    ),
    "read-error": Rule(
        _E,
        "the value can be read from its source",
        "read page, error -32109; error -32108",
        "look at the device behind the element: its state, its wiring, the attribute Error",
    ),
    "write-error": Rule(
        _E,
        "the value can be handed to its device",
        "write page, error -32109",
        "look at the device behind the element: its state, its wiring, the attribute Write Error",
    ),
    "unknown-session-id": Rule(
        _E,
        "the sub-session was created on this connection and is open",
        "close sub session page, error -32111",
        "close a sub-session once, on the connection that created it, with the UUID of its answer",
    ),
    "invalid-stage-change-request": Rule(
        _E,
        "the stage allows the change",
        "suspend, resume and shutdown pages, error -32112",
        "ask get_stage first, and change only from a stage from which it is possible",
    ),
    # What only the traffic around tells.
    "pending-request": Rule(
        _I,
        "one response for each request",
        "packaging page",
        "wait, or look whether the connection still lives",
    ),
    "slow-answer": Rule(
        _W,
        "nothing; answers to the same command mostly come sooner",
        "xentara_inspect",
        "look what the server did at that time, ask for less at once, or subscribe instead of reading",
    ),
    "upgrade-refused": Rule(
        _E,
        "the upgrade has credentials of a user with websocket.connect, and the path /api/ws",
        "authentication page",
        "look what the proxy and the server say of the request",
    ),
    "upgrade-unanswered": Rule(
        _E,
        "a server answers the upgrade; where TLS is spoken, with a certificate that is accepted",
        "RFC 6455 section 4",
        REFUSALS[502].remedy,
    ),
    "session-closed": Rule(
        _W,
        "a connection is closed by a close frame with a code",
        "RFC 6455 section 7.4.1",
        "look what was said last",
    ),
    "messages-dropped": Rule(
        _W,
        "nothing; messages were relayed that the recorder could not keep, so what is here has holes",
        "xentara_inspect",
        "look at the recorder's disk: full, slow, or not to be written",
    ),
    "no-events": Rule(
        _W,
        "a subscription sends events when values change, at the latest after minimum_update_rate",
        "subscribe page",
        "subscribe to attributes that change, give minimum_update_rate as a sign of life, and read once",
    ),
    "events-stopped": Rule(
        _W,
        "events go on until unsubscribe, or the end of the connection",
        "subscribe page",
        "watch for silence and subscribe anew; give minimum_update_rate as a sign of life",
    ),
    "quality-not-good": Rule(
        _W,
        "a value counts as far as its quality says: 0 good, 1 acceptable, 2 unreliable, 3 bad",
        "attribute Quality",
        "show or discard the value by its quality, and look at the device behind the element",
    ),
    "late-event": Rule(
        _W,
        "nothing; an event mostly comes soon after its source time",
        "xentara_inspect",
        "compare the clocks of server and proxy, and ask for a shorter maximum_update_rate",
    ),
}
"""Beside `RULES`, whose codes stand there alone."""

_OTHERWISE: Final = {"internal-error": "internal-server-error"}
"""Names of errors that are called otherwise here: a finding has theirs."""

_OF_STATUS: Final = {
    "unanswered": "unanswered-request",
    "unsolicited": "unsolicited-response",
    "pending": "pending-request",
}
_UNEXPECTED: Final = "unexpected-result"
_UNDOCUMENTED: Final = "undocumented-error-code"


class Fact(NamedTuple):
    """Something that the traffic shows. ids: what `show` takes."""

    text: str
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something failed. facts: what shows it; remedy: where it is more than the rule's."""

    code: str
    summary: str
    facts: tuple[Fact, ...] = ()
    remedy: str | None = None

    def row(self, *first: str) -> Row:
        """With `CAUSE_KEYS`. first: ids that stand at the head of the evidence."""
        rule = rule_of(self.code)
        facts = [(safe(fact.text), list(dict.fromkeys(fact.ids))[:SHOWN_IDS]) for fact in self.facts]
        evidence = dict.fromkeys([*first, *(name for _, ids in facts for name in ids)])
        values = (
            self.code,
            safe(self.summary),
            f"{rule.asks} ({rule.source})",
            list(evidence),
            safe(self.remedy or rule.remedy),
            rule.severity.value,
            [{"text": text, "ids": ids} for text, ids in facts],
        )
        return dict(zip(CAUSE_KEYS, values, strict=True))


def rule_of(code: str) -> Rule:
    """The rule of a cause."""
    return CAUSES.get(code) or RULES[code]


def code_of_error(error_code: int | None, opcode: int | None) -> str:
    """The code of a server's error as the answer to a command; of one without a code what it is a case of."""
    if error_code is None:
        return _UNEXPECTED
    name = commands.error_name(error_code, opcode)
    if name is None:
        return _UNDOCUMENTED
    code = name.lower().replace(" ", "-")
    return _OTHERWISE.get(code, code)


def cause_of(row: Row) -> Row | None:
    """Why, as far as a row of `log` or `findings` tells by itself; None where it tells nothing.

    With `CAUSE_KEYS`. Reads nothing; `why` looks at the traffic around as well, and at the findings of
    what is malformed.
    """
    if "code" in row:
        place = row["exchange"] or row["frame"]
        return Cause(row["code"], row["message"]).row(*([str(place)] if place is not None else []))
    code = _code_of(row)
    return Cause(code, f"{row['command'] or row['kind']} {row['summary']}").row(row["id"]) if code else None


def _code_of(row: Row) -> str | None:
    """The code of a row of `log`."""
    if row["status"] == "error" or row["error_code"] is not None:
        code, opcode = (loaded_integer(row[key]) for key in ("error_code", "opcode"))
        return code_of_error(code, opcode)
    return _OF_STATUS.get(row["status"] or "")


def listed(things: Iterable[str], most: int = 3) -> str:
    """Things behind one another, the first few, and how many more there are."""
    named = list(things)
    more = len(named) - most
    return ", ".join(named[:most]) + (f" and {more} more" if more > 0 else "")
