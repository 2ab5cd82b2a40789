"""The questions that are saved, in the `[questions]` of a file in TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

import click

from xentara_inspect.cli.failures import Failure

_PROGRAM: Final = "xentara-inspect"
_TABLE: Final = "questions"


def questions_file() -> Path:
    """Where questions are saved: `~/.config/xentara-inspect/config.toml`, or what the system has for it."""
    return Path(click.get_app_dir(_PROGRAM)) / "config.toml"


def saved_questions() -> dict[str, str]:
    """Command lines without the program, by their names; none without the file. Raises Failure."""
    path = questions_file()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:  # ValueError: no TOML, or no UTF-8
        raise Failure(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    questions = content.pop(_TABLE, {})
    if content:
        raise Failure(f"{path}: {next(iter(content))} is not known; there is [{_TABLE}]")
    if not isinstance(questions, dict) or not all(isinstance(text, str) for text in questions.values()):
        raise Failure(f"{path}: [{_TABLE}] has names, and command lines in quotes")
    return questions
