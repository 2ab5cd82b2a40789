"""A comparison as JUnit XML for CI servers: a suite for each connection, a case for what was asked."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from junitparser import Failure, JUnitXml, TestCase, TestSuite

from xentara_inspect.escape import safe
from xentara_inspect.queries.diff import Difference, Group

_TITLE: Final = "xentara-inspect diff"


def junit(differences: Iterable[Difference], groups: Iterable[Group]) -> tuple[str, int]:
    """The text of the file, and how many differences there are. groups: read when all of them are known.

    A case is what was asked with one command about one element, or the events about one, and has its name
    in every run. It fails once, whatever number of differences it has.
    """
    found: defaultdict[Group, list[Difference]] = defaultdict(list)
    for difference in differences:
        found[difference.group].append(difference)
    cases: defaultdict[str, list[TestCase]] = defaultdict(list)
    for group in groups:
        cases[group.session].append(_case(group, found[group]))
    document = JUnitXml(_TITLE)
    for session, of_session in cases.items():
        suite = TestSuite(_suite(session))
        suite.add_testcases(of_session)
        document.add_testsuite(suite)
    document.update_statistics()
    file = io.BytesIO()
    document.write(file, pretty=True)
    return file.getvalue().decode(), sum(map(len, found.values()))


def _suite(session: str) -> str:
    return f"session {safe(session)}"


def _case(group: Group, differences: Sequence[Difference]) -> TestCase:
    what = group.command or ("connection" if group.element is None else "events")
    case = TestCase(safe(f"{what} {group.element or ''}".rstrip()), _suite(group.session))
    if differences:
        first, more = differences[0].row, len(differences) - 1
        failure = Failure(
            safe(f"{first['kind']}: {first['detail']}") + (f" and {more} more" if more else ""),
            " ".join(dict.fromkeys(difference.row["kind"] for difference in differences)),
        )
        failure.text = "\n".join(map(_line, differences))
        case.result = [failure]
    return case


def _line(difference: Difference) -> str:
    row = difference.row
    return safe(f"{row['kind']} (A {row['a'] or '-'}, B {row['b'] or '-'}): {row['detail']}")
