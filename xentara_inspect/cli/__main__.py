"""`python -m xentara_inspect.cli`: the console script without its wrapper."""

from xentara_inspect.cli import main

main()
