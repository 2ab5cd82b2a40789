"""`lake decode` as `spark-submit` takes it, on the cluster that this names. Its arguments are the same."""

from __future__ import annotations

import sys

from xentara_inspect.cli import main

if __name__ == "__main__":
    # --master is that of spark-submit
    sys.argv[1:] = ["lake", "decode", "--master", "", *sys.argv[1:]]
    main()
