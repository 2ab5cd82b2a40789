"""Secrets out of frames, before anything is stored."""

from __future__ import annotations

from xentara_inspect.frames import Frame
from xentara_inspect.traffic.redaction import BLANK, redact


def without_secrets(frame: Frame) -> Frame:
    """The frame with its secrets blanked; the same object where it has none."""
    payload = frame.payload
    try:
        blanked = redact(payload, frame.from_client)
    except Exception:  # a bug must neither stop the traffic nor let a secret through
        blanked = bytes((BLANK,)) * len(payload)
    return frame if blanked is payload else frame._replace(payload=blanked)
