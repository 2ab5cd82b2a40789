"""The options of the add-on: what their texts mean, and which say nothing without others."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from xentara_inspect.proxy.option_texts import OptionError
from xentara_inspect.proxy.options import OPTIONS, contradiction, parse, retention
from xentara_inspect.recorder.retention import ALL_FILES, Retention
from xentara_inspect.store.archived import archive_key

DAY = 86_400_000_000_000


def values(**texts: str) -> dict[str, Any]:
    """Of all options, of which some are given."""
    return {
        option.name: parse(option.name, texts.get(option.name.removeprefix("xentara_"), option.default))
        for option in OPTIONS
    }


def test_everything_is_kept_unless_it_is_said_otherwise() -> None:
    assert retention(values()) == ALL_FILES


def test_what_to_keep_is_a_number_of_files_days_and_a_free_size() -> None:
    given = values(keep="3", keep_days="30", keep_free="10G", index="off")
    assert retention(given) == Retention(files=3, age=30 * DAY, free=10 << 30, indexed=False)


def test_a_file_goes_only_from_the_archive_that_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    given = values(archive="put/away", site="north")
    assert retention(given).archive == archive_key(str(tmp_path / "put" / "away"), "north")
    assert retention(values(archive="s3://plants/x", site="north")).archive == archive_key(
        "s3://plants/x", "north"
    )


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("xentara_index", "perhaps", "is on or off, not 'perhaps'"),
        ("xentara_filter", "~~", "is a mitmproxy filter expression such as ~u /api/ws, not '~~'"),
        ("xentara_rotate_size", "0", "is a size such as 500M or 2G, 1M or more, or empty for never"),
        ("xentara_rotate_size", "1000K", "is a size such as 500M or 2G, 1M or more"),
        ("xentara_rotate_time", "1", "is a time such as 30m, 12h or 1d, or empty for never"),
        ("xentara_rotate_time", "0d", "is a time"),
        ("xentara_keep", "0", "is a number of files, 1 or more, or empty for all, not '0'"),
        ("xentara_finish", "soon", "is a number of seconds, such as 2, not 'soon'"),
        ("xentara_keep_days", "0", "is a number of days, 1 or more, or empty for all, not '0'"),
        ("xentara_keep_days", "a week", "is a number of days"),
        ("xentara_keep_free", "10%", "is a size such as 10G, or empty to look for none, not '10%'"),
        ("xentara_keep_free", "0G", "is a size such as 10G"),
        ("xentara_site", "a/b", "is a name of letters, digits, '.', '_' and '-', at most 64, not 'a/b'"),
    ],
)
def test_what_cannot_be_is_one_clear_line(name: str, text: str, message: str) -> None:
    with pytest.raises(OptionError, match=f"^{name} ") as error:
        parse(name, text)
    assert message in str(error.value)


def test_an_archive_without_the_extra_is_one_line_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(OptionError, match=r"needs pyarrow.*: pip install 'xentara-inspect\[archive\]'$"):
        parse("xentara_archive", "/mnt/archive")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("keep_days=3", "xentara_keep_days needs xentara_rotate_size or xentara_rotate_time"),
        ("keep_free=3G", "xentara_keep_free needs xentara_rotate_size or xentara_rotate_time"),
        ("archive=x site=y", "xentara_archive needs xentara_rotate_size or xentara_rotate_time"),
        ("archive=x rotate_time=1d", "xentara_archive needs xentara_site"),
        ("site=y rotate_time=1d", "xentara_site needs xentara_archive"),
        ("archive=x site=y rotate_time=1d keep=3 keep_days=3 keep_free=3G", None),
    ],
)
def test_what_says_nothing_without_another_is_refused(given: str, message: str | None) -> None:
    texts = dict(part.split("=") for part in given.split())
    assert contradiction({f"xentara_{name}": text for name, text in texts.items()}) == message
