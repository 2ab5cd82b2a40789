"""From when on a habit is a finding: each number with its reason, as the docs print it."""

from __future__ import annotations

from typing import Final, NamedTuple

SECOND: Final = 1_000_000_000
"""Nanoseconds."""

LEAST_NEGATIVE: Final = 1 << 31
TIGHT_LOOP: Final = 50
QUICK: Final = SECOND // 100
POLLS: Final = 20
POLL_GAP: Final = 60 * SECOND
ASKED_AGAIN: Final = 5
SILENCE: Final = 30 * SECOND
LEFT_OPEN: Final = 5
SUB_SESSION_IDLE: Final = 3600 * SECOND
COPIED_WITHIN: Final = 60 * SECOND
TELLING_DIGITS: Final = 5
CLOCK_APART: Final = 30 * SECOND
CLOCK_STEADY: Final = 5 * SECOND
CLOCK_EVENTS: Final = 20
CLOCK_SPAN: Final = 10 * SECOND
CLOCK_LOOKS: Final = 1000
SAID: Final = 5
REQUESTS: Final = 500
REMEMBERED: Final = 200


class Threshold(NamedTuple):
    """A row of the table of thresholds. code: of the finding; empty for all of them."""

    code: str
    name: str
    value: str
    reason: str


THRESHOLDS: Final = (
    Threshold(
        "written-unsigned",
        "LEAST_NEGATIVE",
        "-2^31",
        "where no data type is known: no counter comes so near to 2^64, and few set points are below -2^31",
    ),
    Threshold(
        "tight-loop",
        "TIGHT_LOOP",
        f"{TIGHT_LOOP} requests",
        "more than any page or start-up sends of one kind, and fewer than a loop sends in a second",
    ),
    Threshold(
        "tight-loop",
        "QUICK",
        f"{QUICK // 1_000_000} ms",
        "between an answer and the same request again: a program that waits for anything waits longer",
    ),
    Threshold("polling", "POLLS", f"{POLLS} reads", "a person who presses a key does not go on for so long"),
    Threshold(
        "polling",
        "POLL_GAP",
        f"{POLL_GAP // SECOND} s",
        "between an answer and the next read: who looks less often is well served by reads",
    ),
    Threshold(
        "asked-again",
        "ASKED_AGAIN",
        f"{ASKED_AGAIN} times",
        "people try twice or three times; whoever asks a fifth time has not looked at the answer",
    ),
    Threshold(
        "silent-subscription",
        "SILENCE",
        f"{SILENCE // SECOND} s",
        "the first values come at once; where the subscription's own rates are slower, twice the slower one",
    ),
    Threshold(
        "subscription-left-open",
        "LEFT_OPEN",
        f"{LEFT_OPEN} subscriptions",
        "to one attribute, open at once: two or three views of a value may each have their own."
        " What the end of the connection closes is not left open: most clients leave it to that",
    ),
    Threshold(
        "sub-session-left-open",
        "SUB_SESSION_IDLE",
        f"{SUB_SESSION_IDLE // SECOND // 60} min",
        "unused at the end of the connection: users who do nothing are logged out sooner elsewhere",
    ),
    Threshold(
        "bad-quality-written",
        "COPIED_WITHIN",
        f"{COPIED_WITHIN // SECOND} s",
        "who copies values does so in each cycle; later the same value is a coincidence",
    ),
    Threshold(
        "bad-quality-written",
        "TELLING_DIGITS",
        f"{TELLING_DIGITS} digits",
        "of a number, or twice as many characters of a text: shorter values are equal by chance",
    ),
    Threshold(
        "clock-apart",
        "CLOCK_APART",
        f"{CLOCK_APART // SECOND} s",
        "slower than most subscriptions, and less than the 37 s between UTC and atomic time",
    ),
    Threshold(
        "clock-apart",
        "CLOCK_STEADY",
        f"{CLOCK_STEADY // SECOND} s",
        "how much the difference may vary: a value that does not change grows older, a clock stays apart",
    ),
    Threshold(
        "clock-apart",
        "CLOCK_EVENTS",
        f"{CLOCK_EVENTS} events in {CLOCK_SPAN // SECOND} s",
        "one device with a clock of its own, or one batch of old values, is not the server's clock",
    ),
    Threshold(
        "clock-apart",
        "CLOCK_LOOKS",
        f"{CLOCK_LOOKS} events",
        "after so many without a result, or one whose time is right, no more events are looked at",
    ),
    Threshold("", "SAID", f"{SAID} times", "a habit is said so often at most in a session"),
    Threshold(
        "", "REQUESTS", f"{REQUESTS} requests", "are remembered of a session, the latest; 100 bytes each"
    ),
    Threshold("", "REMEMBERED", f"{REMEMBERED}", "are remembered of anything else, the latest"),
)
