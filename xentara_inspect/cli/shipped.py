"""Where the files are that come with this package: the add-on, sample captures, documentation."""

from __future__ import annotations

from pathlib import Path

import click

import xentara_inspect
from xentara_inspect.cli.failures import Failure


def addon_file() -> Path:
    """The file that `mitmdump -s` takes."""
    return _folder("_addon_file", "addons", "add-on") / "xentara.py"


def _folder(in_wheel: str, in_checkout: str, what: str) -> Path:
    """A folder: in an installed wheel beside the package's modules, else in the checkout."""
    package = Path(xentara_inspect.__file__).resolve().parent
    for folder in (package / in_wheel, package.parent / in_checkout):
        if folder.is_dir():
            return folder
    raise Failure(f"the {what} is missing from this installation")


@click.command(
    "addon-path",
    epilog='\b\nExample:\n  mitmdump -s "$(xentara-inspect addon-path)" --set xentara_db=plant.db',
)
def addon_path() -> None:
    """Print where the mitmproxy add-on file is."""
    click.echo(addon_file())


@click.command(
    "unit-path",
    epilog='\b\nExample:\n  sudo cp "$(xentara-inspect unit-path)" /etc/systemd/system/',
)
def unit_path() -> None:
    """Print where the systemd unit is, which records unwatched."""
    click.echo(_folder("_deploy", "deploy", "systemd unit") / "xentara-inspect.service")


@click.command(epilog="\b\nExample:\n  xentara-inspect import $(xentara-inspect samples) -d samples.db")
def samples() -> None:
    """Print where the sample captures are."""
    folder = _folder("_samples", "sample_captures", "folder of samples")
    for file in sorted(folder.glob("*.flow")):
        click.echo(file)
    click.echo(f"What is in them: {folder / 'README.md'}", err=True)


@click.command()
def docs() -> None:
    """Print where the documentation is."""
    for file in sorted(_folder("_docs", "docs", "documentation").glob("*.md")):
        click.echo(file)
