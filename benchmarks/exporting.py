"""How long `export` takes for a million packets, each in a message of its own, and its memory.

`python -m benchmarks.exporting [packets]`
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from benchmarks.importing import fill
from benchmarks.machine import about

PACKETS: Final = 1_000_000


def export(database: Path, kind: str, output: Path) -> tuple[float, float, float]:
    """Run the command. Returns seconds of the clock, of the CPU, and KiB of memory at most."""
    program = Path(sys.executable).parent / "xentara-inspect"
    started = time.perf_counter()
    child = subprocess.Popen(
        [program, "export", f"--{kind}", output, "-d", database], stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"export --{kind} ended with {child.returncode}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packets", nargs="?", type=int, default=PACKETS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder, "a.db")
        # Elsewhere: a child's memory counts from that of its parent.
        with ProcessPoolExecutor(1) as elsewhere:
            elsewhere.submit(fill, database, arguments.packets, 1).result()
        print(f"{arguments.packets} packets, {about()}:")
        for kind in ("har", "flow", "pcapng"):
            output = Path(folder, f"a.{kind}")
            seconds, cpu, memory = export(database, kind, output)
            size = output.stat().st_size / 1e6
            memory /= 1024
            print(f"  {kind:6} {seconds:5.1f} s, {cpu:4.1f} s of CPU, {memory:4.0f} MiB, file {size:4.0f} MB")
            output.unlink()


if __name__ == "__main__":
    main()
