"""Time points of the protocol: from the wire's forms to nanoseconds and to ISO 8601.

The forms: `1001({4: 4([e, n])})`, n times 10^e seconds since 1970-01-01T00:00:00Z; `1001({1: s})`;
`1(s)`, with s an integer or a float. An infinite s is the minimum or maximum time point. (Decimal
fractions: RFC 8949 section 3.4.4; tag 1001: RFC 9581.) Days are counted without leap seconds in the
proleptic Gregorian calendar, for years of any size, which the datetime module cannot do.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from xentara_inspect import cbor
from xentara_inspect.cbor import Item
from xentara_inspect.protocol import identifiers

NANOSECONDS: Final = 10**9

_MAXIMUM_DIGITS: Final = 18
"""Largest exponent, either way, that is believed: 10^18 s are longer than the universe is old."""
_MAXIMUM_SECONDS: Final = 1 << 63
_DAY: Final = 86_400
_ERA: Final = 146_097  # days in 400 years of the Gregorian calendar


class TimePoint(NamedTuple):
    """A time: units of 10^-digits seconds since 1970. infinite: -1 minimum, 1 maximum, else 0."""

    units: int
    digits: int
    infinite: int = 0


MINIMUM: Final = TimePoint(0, 0, -1)
MAXIMUM: Final = TimePoint(0, 0, 1)


def time_point(item: Item) -> TimePoint | None:
    """The time that an item says; None where it is no time point of the protocol, or beyond belief."""
    if item.kind != cbor.TAG:
        return None
    content = item.children[0]
    if item.value == identifiers.TAG_EPOCH:
        return _seconds(content)
    if item.value != identifiers.TAG_TIME or content.kind != cbor.MAP or len(content.children) != 2:
        return None
    key, value = content.children
    if key.kind != cbor.UINT:
        return None
    if key.value == identifiers.TIME_KEY_SECONDS:
        return _seconds(value)
    if key.value == identifiers.TIME_KEY_DECIMAL:
        return _seconds(value) if value.kind == cbor.FLOAT else _decimal_fraction(value)
    return None


def time_point_ns(item: Item) -> int | None:
    """The time that an item says, in nanoseconds since 1970, rounded down.

    None where it is no time point, and for the minimum and the maximum time point.
    """
    point = time_point(item)
    if point is None or point.infinite:
        return None
    return point.units * NANOSECONDS // int(10**point.digits)


def time_text(point: TimePoint) -> str:
    """ISO 8601 in UTC, with as many digits as the wire has; years beyond four digits have a sign."""
    if point.infinite:
        return "maximum time point" if point.infinite > 0 else "minimum time point"
    return units_text(point.units, point.digits)


def units_text(units: int, digits: int) -> str:
    """ISO 8601 in UTC, with so many digits, of units of 10^-digits seconds since 1970."""
    seconds, fraction = divmod(units, 10**digits)
    if not digits:
        return seconds_text(seconds) + "Z"
    return f"{seconds_text(seconds)}.{str(fraction).rjust(digits, '0')}Z"


def nanoseconds_text(time: int) -> str:
    """ISO 8601 in UTC, with nine digits, of nanoseconds since 1970."""
    seconds, fraction = divmod(time, NANOSECONDS)
    return f"{seconds_text(seconds)}.{fraction:09d}Z"


@lru_cache(maxsize=1024)
def seconds_text(seconds: int) -> str:
    """ISO 8601 without fraction and zone, of seconds since 1970."""
    day, second = divmod(seconds, _DAY)
    # Count years from March on, so that the leap day is the last of its year.
    era, day_of_era = divmod(day + 719_468, _ERA)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * day_of_year + 2) // 153
    date = day_of_year - (153 * month_from_march + 2) // 5 + 1
    month = month_from_march + 3 if month_from_march < 10 else month_from_march - 9
    year = year_of_era + 400 * era + (month <= 2)
    year_text = f"{year:04d}" if 0 <= year <= 9999 else f"{year:+05d}"
    return (
        f"{year_text}-{month:02d}-{date:02d}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    )


def _seconds(item: Item) -> TimePoint | None:
    value = item.value
    if item.kind <= cbor.NINT:
        return _believable(value, 0)
    if item.kind != cbor.FLOAT or value != value:
        return None
    if value in (float("inf"), float("-inf")):
        return MAXIMUM if value > 0 else MINIMUM
    if abs(value) >= _MAXIMUM_SECONDS:
        return None
    # The shortest decimal that is this float, as far as a time can need its digits.
    whole, _, fraction = f"{value!r}".partition(".")
    if "e" in whole + fraction:
        whole, _, fraction = f"{value:.{_MAXIMUM_DIGITS}f}".rstrip("0").partition(".")
    if fraction == "0":
        fraction = ""
    return _believable(int(whole + fraction), len(fraction))


def _decimal_fraction(item: Item) -> TimePoint | None:
    if item.kind != cbor.TAG or item.value != identifiers.TAG_DECIMAL_FRACTION:
        return None
    parts = item.children[0]
    if parts.kind != cbor.ARRAY or len(parts.children) != 2:
        return None
    exponent = cbor.integer(parts.children[0])
    mantissa = cbor.integer(parts.children[1])
    if exponent is None or mantissa is None or abs(exponent) > _MAXIMUM_DIGITS:
        return None
    if exponent > 0:
        return _believable(mantissa * 10**exponent, 0)
    return _believable(mantissa, -exponent)


def _believable(units: int, digits: int) -> TimePoint | None:
    return TimePoint(units, digits) if abs(units) < _MAXIMUM_SECONDS * 10**digits else None
