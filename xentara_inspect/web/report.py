"""`report`: a recording as one page that needs nothing else, for whoever has no recording at hand."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Sequence
from functools import partial
from pathlib import Path, PurePath
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from xentara_inspect._version import __version__
from xentara_inspect.escape import safe
from xentara_inspect.queries.databases import Databases
from xentara_inspect.web import charts, listed
from xentara_inspect.web.evidence import Evidence, evidence
from xentara_inspect.web.explanations import explained
from xentara_inspect.web.facts import Facts, Tell, gather, place_of, told_of
from xentara_inspect.web.listed import Filters
from xentara_inspect.web.secrets import kept_secrets, without
from xentara_inspect.web.times import MILLISECOND, Clock, nanoseconds
from xentara_inspect.web.words import counted, duration, latency

_TEMPLATES: Final = Path(__file__).parent / "templates"
_STYLE, _SCRIPT = ("../styles/drawing.css", "report.css"), "report.js"
_NAMED: Final = 3
"""So many databases a title names."""
_LONGEST: Final = 200
"""Characters of a text from the network."""


class _Trusted(str):
    """Text of ours that may stand in a page as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def report(
    databases: Databases, filters: Filters, *, local: bool = False, tell: Tell = lambda _: None
) -> str:
    """The page, in HTML. The same for the same databases. Raises StoreError, QuestionError.

    local: whether times are in local time. tell: hears what is done next, `facts.PARTS` times.
    """
    facts = gather(databases, filters, tell)
    tell("packets")
    shown = list(evidence(databases, told_of(facts)))
    return page(facts, shown, local=local, secrets=kept_secrets(databases))


def page(
    facts: Facts, packets: Sequence[Evidence], *, local: bool = False, secrets: Sequence[str] = ()
) -> str:
    """Facts as HTML. Every text in it is escaped, and made safe to look at, by the templates.

    secrets: what must not be in any of them.
    """
    clock = Clock(facts.first, facts.last, local=local)
    style, script = _Trusted("".join(map(_source, _STYLE))), _source(_SCRIPT)
    names = [PurePath(path).name for path in facts.filters.databases]
    template = _environment(clock, secrets).get_template("report.html")
    return template.render(
        version=__version__,
        policy=_policy(style, script),
        style=style,
        script=script,
        names=names,
        title=", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else ""),
        facts=facts,
        filters=facts.filters,
        limits=listed,
        clock=clock,
        sections=[(anchor, name) for anchor, name, there in _sections(facts, packets) if there],
        tiles=_tiles(facts),
        packets=packets,
        packet_anchors={shown.id: f"packet-{number}" for number, shown in enumerate(packets, 1)},
        **_drawings(facts, clock),
    )


def _drawings(facts: Facts, clock: Clock) -> dict[str, Any]:
    """The drawings, and where in the page each session stands."""
    anchors = {row["id"]: f"session-{number}" for number, row in enumerate(facts.sessions.rows, 1)}
    return {
        "session_anchors": anchors,
        "time_line": charts.sessions_over_time(facts, clock, lambda name: anchors.get(name, "")),
        "over_time": charts.over_time(facts, clock),
        "spreads": charts.spreads(facts),
        "values": list(charts.values(facts.curves, clock)),
    }


def _sections(facts: Facts, packets: Sequence[Evidence]) -> list[tuple[str, str, object]]:
    """(anchor, name, whether it is there) in their order."""
    return [
        ("summary", "What happened", True),
        ("sessions", "Sessions", facts.sessions.rows),
        ("traffic", "Over time", facts.activity),
        ("latency", "Latency", facts.commands),
        ("errors", "Errors", facts.errors.total),
        ("unanswered", "Unanswered", facts.unanswered.total),
        ("findings", "Findings", facts.findings.total),
        ("writes", "Who changed what", facts.writes.total),
        ("subscriptions", "Subscriptions", facts.subscribed.total),
        ("elements", "Elements", facts.elements.rows),
        ("packets", "What was said", packets),
    ]


def _tiles(facts: Facts) -> list[tuple[str, str, str, str]]:
    """(name, figure, where it leads, class) of the figures at the top."""
    found = (
        ("Sessions", facts.sessions.total, "sessions", ""),
        ("Requests", facts.total("count"), "latency", ""),
        ("Events", sum(step.events for step in facts.activity), "traffic", ""),
        ("Errors", facts.errors.total, "errors", "bad"),
        ("Unanswered", facts.unanswered.total, "unanswered", "bad"),
        ("Findings", facts.findings.total, "findings", "warn"),
    )
    tiles = [
        (name, f"{count:,}", anchor if count else "", kind if count else "")
        for name, count, anchor, kind in found
    ]
    slowest = max((step.slowest for step in facts.activity), default=0)
    return [
        *tiles,
        ("Slowest", latency(slowest / MILLISECOND) if slowest else "-", "latency" if slowest else "", ""),
    ]


def _environment(clock: Clock, secrets: Sequence[str]) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=partial(_visible, secrets),
    )
    environment.filters |= {
        "exact": lambda text: clock.exact(nanoseconds(text)),
        "short": lambda text: clock.short(nanoseconds(text)),
        "duration": duration,
        "latency": latency,
        "counted": counted,
        "lines": partial(_lines, secrets),
        "place_of": place_of,
    }
    environment.globals["explained"] = explained
    return environment


def _visible(secrets: Sequence[str], value: Any) -> Any:
    """What is put into a page: no secret, nothing endless, nothing that hides or reorders its neighbours."""
    if value is None:
        return ""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    text = without(secrets, value)
    return safe(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def _lines(secrets: Sequence[str], text: str) -> _Trusted:
    """A text of several lines, each made safe to look at."""
    lines = without(secrets, text).split("\n")
    return _Trusted("\n".join(html.escape(safe(line)) for line in lines))


def _source(name: str) -> _Trusted:
    return _Trusted((_TEMPLATES / name).read_text(encoding="utf-8"))


def _policy(style: str, script: str) -> str:
    """A Content-Security-Policy that lets nothing in but these two."""
    allowed = f"style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    """How a Content-Security-Policy names a text that may stand in the page."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
