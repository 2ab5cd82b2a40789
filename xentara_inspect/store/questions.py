"""Questions in SQL to the readable views: `docs/queries.md` shows them, and `serve` has them saved."""

from __future__ import annotations

from typing import Final, NamedTuple


class Question(NamedTuple):
    """A question. title: as a heading; sql: on one line; answers: values of its parameters in an example."""

    title: str
    sql: str
    answers: dict[str, str] = {}  # noqa: RUF012 - nobody changes it


QUESTIONS: Final[dict[str, Question]] = {
    "refused_writes": Question(
        "Why were writes refused?",
        "SELECT id, time, element, error, error_text FROM exchanges_readable"
        " WHERE command = 'write' AND status = 'error' ORDER BY exchange_id DESC",
    ),
    "unanswered_requests": Question(
        "Which requests were never answered?",
        "SELECT id, time, session_id, command, element FROM exchanges_readable"
        " WHERE status IN ('unanswered', 'pending') ORDER BY exchange_id DESC",
    ),
    "slowest_answers": Question(
        "Which answers were the slowest?",
        "SELECT id, command, element, latency_ms FROM exchanges_readable ORDER BY latency_ms DESC LIMIT 50",
    ),
    "commands": Question(
        "How often was each command asked, and how slow was it?",
        "SELECT command, count(*) AS requests, sum(status = 'error') AS errors,"
        " round(avg(latency_ms), 3) AS mean_ms, max(latency_ms) AS slowest_ms"
        " FROM exchanges_readable GROUP BY command ORDER BY requests DESC",
    ),
    "errors": Question(
        "Which errors came, by command and name?",
        "SELECT command, error, count(*) AS times FROM exchanges_readable WHERE status = 'error'"
        " GROUP BY command, error ORDER BY times DESC",
    ),
    "events_by_element": Question(
        "How often did each element change?",
        "SELECT element, element_id, count(*) AS events FROM events_readable"
        " GROUP BY element_id ORDER BY events DESC",
    ),
    "mean_by_minute": Question(
        "What was the mean of each value, by minute?",
        "SELECT substr(time, 1, 16) AS minute, element, avg(value_num) AS mean FROM readings_readable"
        " WHERE attribute = 'Value' AND origin <> 'write'"
        " GROUP BY minute, element HAVING mean IS NOT NULL",
    ),
    "subscriptions_to": Question(
        "Which subscriptions named an element, and what became of them?",
        "SELECT id, status, error, attribute, opened FROM subscriptions_readable WHERE element = :element",
        {"element": "Plant.Tank 2.Level"},
    ),
    "silent_subscriptions": Question(
        "Which elements were subscribed to, and no event ever came?",
        "SELECT DISTINCT id, element, element_id, opened, closed FROM subscriptions_readable"
        " WHERE status <> 'refused' AND element_id NOT IN"
        " (SELECT element_id FROM events_readable WHERE element_id IS NOT NULL)",
    ),
    "findings_by_code": Question(
        "What departs from the specification, and how often?",
        "SELECT severity, code, count(*) AS times, min(message) AS example FROM findings_readable"
        " GROUP BY severity, code ORDER BY times DESC",
    ),
    "sent_while_waiting": Question(
        "Which requests were sent while another of their session waited for its answer?",
        "SELECT id, time, session_id, command, element FROM (SELECT *, max(responded) OVER"
        " (PARTITION BY session_id ORDER BY exchange_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
        " AS busy_until FROM exchanges_readable) WHERE requested < busy_until LIMIT 50",
    ),
}
"""By the name under which they are saved."""
