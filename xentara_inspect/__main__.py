"""`python -m xentara_inspect`: the console script without its wrapper."""

from xentara_inspect.cli import main

main()
