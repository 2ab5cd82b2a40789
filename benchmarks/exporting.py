"""How long `export` and `share` take for a million packets, each in a message of its own, and their memory.

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


def run(*arguments: str | Path) -> tuple[float, float, float]:
    """Run a command. Returns seconds of the clock, of the CPU, and KiB of memory at most."""
    program = Path(sys.executable).parent / "xentara-inspect"
    started = time.perf_counter()
    child = subprocess.Popen([program, *arguments], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{' '.join(map(str, arguments))} ended with {child.returncode}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packets", nargs="?", type=int, default=PACKETS)
    packets = parser.parse_args().packets
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder, "a.db")
        # Elsewhere: a child's memory counts from that of its parent.
        with ProcessPoolExecutor(1) as elsewhere:
            elsewhere.submit(fill, database, packets, 1).result()
        print(f"{packets} packets, {about()}:")
        output, listed = Path(folder, "output"), Path(folder, "list")
        commands: dict[str, tuple[str | Path, ...]] = {
            kind: ("export", f"--{kind}", output, "-d", database) for kind in ("har", "flow", "pcapng")
        }
        commands["share"] = ("share", database, "-o", output, "--list", listed)
        commands["share --values"] = (*commands["share"], "--values")
        for name, arguments in commands.items():
            seconds, cpu, memory = run(*arguments)
            size = output.stat().st_size / 1e6
            memory /= 1024
            print(
                f"  {name:14} {seconds:5.1f} s, {cpu:5.1f} s of CPU, {memory:4.0f} MiB, file {size:4.0f} MB"
            )
            output.unlink()
            listed.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
