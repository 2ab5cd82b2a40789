"""`addon-path`: where the file is that `mitmdump -s` takes."""

from __future__ import annotations

from pathlib import Path

import click

import xentara_inspect
from xentara_inspect.cli.failures import Failure


def addon_file() -> Path:
    """The add-on file: in an installed wheel beside the package's modules, else in the checkout."""
    package = Path(xentara_inspect.__file__).resolve().parent
    for candidate in (package / "_addon_file" / "xentara.py", package.parent / "addons" / "xentara.py"):
        if candidate.is_file():
            return candidate
    raise Failure("the add-on file is missing from this installation")


@click.command(
    "addon-path",
    epilog='\b\nExample:\n  mitmdump -s "$(xentara-inspect addon-path)" --set xentara_db=plant.db',
)
def addon_path() -> None:
    """Print where the mitmproxy add-on file is."""
    click.echo(addon_file())
