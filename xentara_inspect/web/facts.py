"""What a report tells, gathered by the questions of `queries`; nothing of it is text in HTML yet."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from xentara_inspect.queries.activity import Span, Step, activity, recorded_span
from xentara_inspect.queries.databases import Databases
from xentara_inspect.queries.findings import findings
from xentara_inspect.queries.log import log
from xentara_inspect.queries.series import Line, lines_to_draw
from xentara_inspect.queries.sessions import sessions
from xentara_inspect.queries.stats import stats
from xentara_inspect.queries.subscribed_elements import subscribed_elements
from xentara_inspect.queries.unknown import QuestionError
from xentara_inspect.queries.values import Row, command_name
from xentara_inspect.queries.writes import CHANGING, writes
from xentara_inspect.web import listed
from xentara_inspect.web.axes import step_for
from xentara_inspect.web.listed import NOTHING, Filters, Listed
from xentara_inspect.web.times import nanoseconds

Tell = Callable[[str], None]
"""Hears what is gathered next."""

PARTS: Final = 12
"""How often it is told."""
_STEPS: Final = 120
"""Into how many steps the time is divided at most."""
_FEW: Final = 5
"""So many of what is alike are shown packet by packet."""
_VALUE: Final = " Value"
"""What the names of lines end with, that of the attribute."""
_SEVERITIES: Final = ("error", "warning", "info")
_CHANGING: Final = tuple(str(command_name(opcode)) for opcode in CHANGING)


class People(NamedTuple):
    """Who was connected: names, each once. refused: reasons; dropped: messages that were not kept."""

    users: Sequence[str]
    programs: Sequence[str]
    servers: Sequence[str]
    refused: Sequence[str]
    dropped: int


@dataclass(slots=True)
class Facts:
    """All of it.

    first, last: of the period, nanoseconds since 1970; step: width of those of `activity`. behind:
    messages that are not decoded yet. error_kinds: rows of `stats` by error, with `commands`, pairs of
    name and count, and `example`, an id. finding_kinds: code, severity, count and example of each. not_made:
    how many changes were refused or never answered. silence: how many subscribed elements are `never`,
    `stopped` or `refused`; an element counts in each subscription, but once in subscribed_elements.
    curves: by element.
    """

    filters: Filters
    span: Span | None
    first: int
    last: int
    step: int
    sessions: Listed
    people: People
    behind: int = 0
    commands: Sequence[Row] = ()
    activity: Sequence[Step] = ()
    error_kinds: Listed = NOTHING
    errors: Listed = NOTHING
    unanswered: Listed = NOTHING
    slowest: Listed = NOTHING
    finding_kinds: Sequence[Row] = ()
    findings: Listed = NOTHING
    writes: Listed = NOTHING
    not_made: int = 0
    subscribed: Listed = NOTHING
    subscribed_elements: int = 0
    silence: Mapping[str, int] = field(default_factory=dict)
    elements: Listed = NOTHING
    curves: dict[str, Line] = field(default_factory=dict)

    @property
    def busiest_commands(self) -> Listed:
        """The rows of commands; of very many the busiest."""
        rows = self.commands
        if len(rows) > listed.KINDS:
            rows = sorted(rows, key=lambda row: -row["count"])[: listed.KINDS]
        return Listed(rows, len(self.commands), "busiest", self.filters.command("stats", "--limit", "0"))

    def total(self, key: str) -> int:
        """What the rows of commands have of a key together."""
        return sum(row[key] for row in self.commands)


def gather(databases: Databases, filters: Filters, tell: Tell = lambda _what: None) -> Facts:
    """Ask everything that a report tells. Raises StoreError, QuestionError."""
    tell("sessions")
    facts = _of_sessions(databases, filters)
    facts.behind = databases.unindexed_frames()
    tell("requests")
    facts.commands = list(stats(databases, **filters.asked))
    tell("activity")
    facts.activity = activity(databases, width=facts.step, **filters.asked)
    tell("errors")
    facts.errors = _log(databases, filters, facts.total("errors"), listed.ERRORS, "error")
    facts.error_kinds = _error_kinds(databases, filters, facts.errors.rows)
    tell("unanswered requests")
    waiting = sum(row["count"] - row["ok"] - row["errors"] for row in facts.commands)
    facts.unanswered = _log(databases, filters, waiting, listed.UNANSWERED, "unanswered", "pending")
    tell("slowest answers")
    facts.slowest = _slowest(databases, filters, facts)
    tell("findings")
    facts.finding_kinds, facts.findings = _findings(databases, filters)
    tell("writes")
    facts.writes, facts.not_made = _writes(databases, filters, facts.commands)
    tell("subscriptions")
    facts.subscribed, facts.silence, facts.subscribed_elements = _subscribed(databases, filters)
    tell("elements")
    facts.elements = _elements(databases, filters)
    tell("values")
    facts.curves = _curves(databases, filters, facts.elements.rows)
    return facts


def _of_sessions(databases: Databases, filters: Filters) -> Facts:
    """Facts with the sessions, and the period: from the first that was seen of any to the last."""
    span = recorded_span(databases, **filters.asked)
    rows = list(sessions(databases, limit=0, **filters.period))
    if filters.session:
        asked = databases.asked_for(list(filters.session))
        names = {file.recording.files[0].number(number) for file, ids in asked for number in ids or ()}
        rows = [row for row in rows if row["id"] in names]
    times = [nanoseconds(row[key]) for row in rows for key in ("opened", "closed") if row[key] is not None]
    times += [span.first, span.last] if span is not None else []
    first, last = min(times, default=0), max(times, default=0)
    first = max(first, filters.since) if filters.since is not None else first
    last = max(first, min(last, filters.until) if filters.until is not None else last)
    command = filters._replace(session=()).command("sessions", "--limit", "0")
    shown = Listed(rows[-listed.SESSIONS :], len(rows), "newest", command)
    return Facts(filters, span, first, last, step_for(last - first, _STEPS), shown, _people(rows))


def _people(sessions: Sequence[Row]) -> People:
    users, programs, servers = (
        [*dict.fromkeys(row[key] for row in sessions if row[key])] for key in ("user", "user_agent", "server")
    )
    refusals = [row["refused"] for row in sessions if row["refused"]]
    return People(users, programs, servers, refusals, sum(row["dropped"] for row in sessions))


def _log(databases: Databases, filters: Filters, total: int, limit: int, *status: str) -> Listed:
    """The newest exchanges of some status."""
    words = [word for name in status for word in ("--status", name)]
    rows = list(log(databases, limit=limit, status=status, **filters.asked)) if total else []
    return Listed(rows, total, "newest", filters.command("log", *words, "--limit", "0"))


def _error_kinds(databases: Databases, filters: Filters, examples: Sequence[Row]) -> Listed:
    rows = list(stats(databases, by="error", **filters.asked))
    command = filters.command("stats", "--by", "error", "--limit", "0")
    kinds = [_with_example(row, examples) for row in rows[: listed.KINDS]]
    return Listed(kinds, len(rows), "most frequent", command)


def _with_example(kind: Row, examples: Sequence[Row]) -> Row:
    seen = [line for line in examples if line["error_code"] == kind["error_code"]]
    commands = Counter(line["command"] or f"opcode {line['opcode']}" for line in seen)
    return kind | {"commands": commands.most_common(), "example": seen[0]["id"] if seen else None}


def _slowest(databases: Databases, filters: Filters, facts: Facts) -> Listed:
    rows = list(log(databases, limit=listed.SLOWEST, slowest=True, with_malformed=False, **filters.asked))
    answered = sum(step.answered for step in facts.activity)
    return Listed(rows, answered, "slowest", filters.command("log", "--sort", "latency", "--limit", "0"))


def _findings(databases: Databases, filters: Filters) -> tuple[list[Row], Listed]:
    """The kinds of findings, the worst and most frequent first, and the newest findings."""
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[str, Row] = {}
    newest: deque[Row] = deque(maxlen=listed.FINDINGS)
    for row in findings(databases, limit=0, **filters.asked):
        counts[row["severity"], row["code"]] += 1
        examples.setdefault(row["code"], row)
        newest.append(row)
    kinds = [
        {"severity": severity, "code": code, "count": count, "example": place_of(examples[code])}
        for (severity, code), count in sorted(
            counts.items(), key=lambda item: (_SEVERITIES.index(item[0][0]), -item[1], item[0][1])
        )
    ]
    command = filters.command("findings", "--limit", "0")
    return kinds, Listed(list(newest), counts.total(), "newest", command)


def place_of(finding: Row) -> str | None:
    """What `show` takes for a finding."""
    place = finding["exchange"] if finding["exchange"] is not None else finding["frame"]
    return str(place) if place is not None else None


def _writes(databases: Databases, filters: Filters, commands: Sequence[Row]) -> tuple[Listed, int]:
    """The newest changes, and how many were not made."""
    changing = [row for row in commands if row["command"] in _CHANGING]
    total, made = (sum(row[key] for row in changing) for key in ("count", "ok"))
    rows = list(writes(databases, limit=listed.WRITES, **filters.asked)) if total else []
    words = [word for name in _CHANGING for word in ("--command", name)]
    return Listed(rows, total, "newest", filters.command("log", *words, "--limit", "0")), total - made


def _subscribed(databases: Databases, filters: Filters) -> tuple[Listed, Mapping[str, int], int]:
    """Elements of subscriptions: those that are silent, or were refused, are not left out for others.

    Beside them how many are silent, and how many different elements there are.
    """
    rows = list(subscribed_elements(databases, limit=0, **filters.asked))
    shown = rows
    if len(rows) > listed.SUBSCRIBED:
        worst = sorted(range(len(rows)), key=lambda place: (_is_well(rows[place]), -place))
        shown = [rows[place] for place in sorted(worst[: listed.SUBSCRIBED])]
    command = filters.command("subscriptions", "--by", "element", "--limit", "0")
    silence = Counter(row["silent"] or row["status"] for row in rows)
    different = len({row["element"] for row in rows})
    return Listed(shown, len(rows), "silent, refused and newest", command), silence, different


def _is_well(row: Row) -> bool:
    return row["silent"] is None and row["status"] != "refused"


def _elements(databases: Databases, filters: Filters) -> Listed:
    rows = [row for row in stats(databases, by="element", **filters.asked) if row["element"] is not None]
    command = filters.command("stats", "--by", "element", "--limit", "0")
    return Listed(rows[: listed.ELEMENTS], len(rows), "busiest", command)


def _curves(databases: Databases, filters: Filters, elements: Sequence[Row]) -> dict[str, Line]:
    """The values of the elements of which most were seen, as far as they are numbers."""
    most = sorted((row for row in elements if row["readings"]), key=lambda row: -row["readings"])
    names = [row["element"] for row in most[: listed.ELEMENTS_DRAWN]]
    if not names:
        return {}
    try:
        lines = lines_to_draw(databases, element=names, **filters.asked)
    except QuestionError:  # no numbers
        return {}
    found = {line.name.removesuffix(_VALUE): line for line in lines if line.parts}
    return {name: found[name] for name in names if name in found}


def told_of(facts: Facts) -> list[Any]:
    """Names of what is worth to be seen packet by packet: an example of each kind, the most telling first."""
    names = [row["example"] for row in (*facts.error_kinds.rows, *facts.finding_kinds)]
    names += [row["id"] for row in (*facts.unanswered.rows[:_FEW], *facts.slowest.rows[:_FEW])]
    by_command = {(row["error_code"], row["opcode"]): row["id"] for row in reversed(facts.errors.rows)}
    names += by_command.values()
    return [*dict.fromkeys(name for name in names if name is not None)][: listed.PACKETS]
