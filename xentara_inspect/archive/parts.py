"""What an archive has: the manifests of its parts, by recording, in order."""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Iterator

from xentara_inspect.archive.layout import MANIFEST, ROOT, Part, part_of
from xentara_inspect.archive.manifest import Manifest, load_manifest
from xentara_inspect.archive.place import Place


class Parts:
    """The parts of an archive. Manifests are read when they are asked for."""

    def __init__(self, place: Place, site: str | None = None) -> None:
        """site: all where it is None. Raises ArchiveError."""
        self._place = place
        self.chains: defaultdict[str, list[Part]] = defaultdict(list)
        """Parts by recording, in order of their frames."""
        self.others: list[str] = []
        """Files that belong to no part with a manifest: of one that was not finished, or somebody else's."""
        found: dict[Part, list[str]] = defaultdict(list)
        for path in place.files(f"{ROOT}/site={site}" if site is not None else ROOT):
            known = part_of(path)
            if known is None:
                self.others.append(path)
            else:
                found[known[0]].append(path)
        for part, paths in found.items():
            if part.stem + MANIFEST in paths:
                insort(self.chains[part.chain], part, key=_number)
            else:
                self.others += paths

    def find(self, part: Part) -> Manifest | None:
        """The manifest of a part, None where the part is not there. Raises ArchiveError."""
        there = part in self.chains.get(part.chain, ())
        return self.manifest(part) if there else None

    def before(self, part: Part, number: int | None) -> Manifest | None:
        """The manifest of the part of a recording with this number. Raises ArchiveError."""
        same = (other for other in self.chains.get(part.chain, ()) if other.number == number)
        return next(map(self.manifest, same), None)

    def manifest(self, part: Part) -> Manifest:
        """The manifest of a part that is there. Raises ArchiveError."""
        return load_manifest(self._place, part.stem + MANIFEST)

    def manifests(self) -> Iterator[Manifest]:
        """All manifests, recording after recording. Raises ArchiveError."""
        for chain in self.chains.values():
            yield from map(self.manifest, chain)

    def add(self, manifest: Manifest) -> None:
        """A part has come."""
        insort(self.chains[manifest.part.chain], manifest.part, key=_number)


def _number(part: Part) -> int:
    return part.number
