"""What recorded connections can be written as."""

from __future__ import annotations

from collections.abc import Callable
from typing import IO, Final

from xentara_inspect.captures.flow_writing import write_flows
from xentara_inspect.captures.har_writing import write_har
from xentara_inspect.captures.pcapng_writing import write_pcapng
from xentara_inspect.queries.connections import Connections

Writer = Callable[[Connections, IO[bytes], Callable[[int], None]], None]
"""Writes connections, and tells of how many messages each time. Raises StoreError, OSError."""

WRITERS: Final[dict[str, Writer]] = {"har": write_har, "flow": write_flows, "pcapng": write_pcapng}
