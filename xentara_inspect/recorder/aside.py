"""Looks for secrets in a large message in a process of its own: `python -m xentara_inspect.recorder.aside`.

In the process that writes, every other connection would wait for it. stdin is the payload; stdout is
the marshal of `blanked, found`, where blanked is None of a payload without secrets.
"""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
from typing import Final, NamedTuple

from xentara_inspect.frames import Frame
from xentara_inspect.recorder.wire import Looked
from xentara_inspect.store.cutting import Cut, cut
from xentara_inspect.traffic.redaction import redact

LARGE: Final = 1 << 20
"""Bytes of a client's message that may take longer than others should wait; of the densest 60 ms."""

_NICENESS: Final = 5


class Prepared(NamedTuple):
    """A frame to be recorded. cut: where it is the beginning of one. looked: what was found in it."""

    frame: Frame
    cut: Cut | None = None
    looked: Looked | None = None


def takes_long(frame: Frame) -> bool:
    """Whether a frame is to be looked through aside."""
    return frame.from_client and not frame.is_text and len(frame.payload) > LARGE


def look_through(frame: Frame) -> Prepared:
    """Blank the secrets of a client's frame. It is cut where that is the death of the process."""
    try:
        run = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", __name__],
            input=frame.payload,
            stdout=subprocess.PIPE,
            check=True,
            start_new_session=True,  # as those that write and decode: a Ctrl-C is for the proxy
        )
        blanked, found = marshal.loads(run.stdout)  # noqa: S302 - our other half wrote it
    except (OSError, subprocess.CalledProcessError, EOFError):
        return Prepared(*cut(frame, "the process that looked for secrets in it died of it"))
    given = frame if blanked is None else frame._replace(payload=blanked)
    return Prepared(given, None, (blanked is not None, tuple(found)))


def main() -> int:
    """The process. Returns its exit code."""
    os.nice(_NICENESS)
    payload = sys.stdin.buffer.read()
    found: list[bytes] = []
    blanked = redact(payload, True, found=found)
    sys.stdout.buffer.write(marshal.dumps((None if blanked is payload else blanked, found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
