"""The plant as a tree of elements, each with its last value in columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from xentara_inspect.cli.tui.words import (
    DIM,
    age_text,
    cut,
    quality_text,
    rate_text,
    short_value,
)
from xentara_inspect.escape import safe
from xentara_inspect.queries.watching import Element, Picture

_DEEPEST: Final = 24
"""Levels that a primary key may make."""
_UNFOLDED: Final = 500
"""Elements up to which all branches are open at first."""
_UNNAMED: Final = "(no name)"
_COLUMNS: Final = (("Quality", 10, False), ("Rate", 7, True), ("Age", 5, True))
"""What stands behind name and value: title, width, whether at the right of its column."""
_BEHIND: Final = sum(width + 1 for _, width, _ in _COLUMNS)
_VALUE: Final = 0.28
"""The share of the width that values have."""
_ROOMY: Final = 60
_PIECES: Final = re.compile("([0-9]+)")

Path = tuple[str, ...]


@dataclass(slots=True)
class Place:
    """A node: where it stands, the element there if there is one, and all elements at or under it."""

    path: Path
    element: str | None = None
    under: list[str] = field(default_factory=list)


class PlantTree(Tree[Place], inherit_bindings=False):
    """The elements by the segments of their primary keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", "Up", show=False),
        Binding("down", "cursor_down", "Down", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("enter", "select_cursor", "Open", key_display="⏎"),
        Binding("minus", "cursor_parent", "Parent", show=False),
    ]
    can_maximize = False
    heading: reactive[str] = reactive("")

    def __init__(self) -> None:
        super().__init__("", id="tree")
        self.show_root = False
        self.guide_depth = 2
        self.auto_expand = True
        self._picture: Picture | None = None
        self._names: list[tuple[str, str | None]] = []
        self._wanted = ""
        self._shape: list[tuple[Path, str]] = []

    @property
    def selected_element(self) -> str | None:
        """UUID of the element under the cursor."""
        node = self.cursor_node
        return node.data.element if node is not None and node.data is not None else None

    def show(self, picture: Picture, elements: Sequence[Element], wanted: str) -> None:
        """Show elements of a picture, those of a filter.

        Nodes are made anew only where other ones are there than before.
        """
        self._picture = picture
        names = [(element.uuid, element.name) for element in elements]
        if names != self._names:
            folded = self._folded() if wanted == self._wanted else {}
            self._names, self._wanted = names, wanted
            self._shape = sorted(((_path(element), element.uuid) for element in elements), key=_natural)
            self._rebuild(folded)
            return
        # Only lines that are seen are written anew.
        top = int(self.scroll_offset.y)
        for line in range(top, min(top + self.size.height, self.last_line + 1)):
            node = self.get_node_at_line(line)
            if node is not None:
                node.refresh()

    def _rebuild(self, folded: Mapping[Path, bool]) -> None:
        cursor = self.cursor_node
        before = cursor.data.path if cursor is not None and cursor.data is not None else None
        self.clear()
        nodes: dict[Path, TreeNode[Place]] = {(): self.root}
        for path, uuid in self._shape:
            node = self._node(nodes, path, folded)
            if node.data is not None:
                node.data.element = uuid
            for depth in range(1, len(path) + 1):
                above = nodes[path[:depth]].data
                if above is not None:
                    above.under.append(uuid)
        self.root.expand()
        for node in nodes.values():
            node.allow_expand = bool(node.children)
        self.call_after_refresh(self._return_to, nodes, before)

    def _node(
        self, nodes: dict[Path, TreeNode[Place]], path: Path, folded: Mapping[Path, bool]
    ) -> TreeNode[Place]:
        for depth in range(1, len(path) + 1):
            here = path[:depth]
            if here not in nodes:
                is_folded = folded.get(here, len(self._shape) > _UNFOLDED and depth > 1)
                nodes[here] = nodes[here[:-1]].add(Text(here[-1]), Place(here), expand=not is_folded)
        return nodes[path]

    def _return_to(self, nodes: Mapping[Path, TreeNode[Place]], path: Path | None) -> None:
        """Put the cursor where it was, else on the first element that says something and is to be seen."""
        if not path or path not in nodes:
            elements = self._picture.elements if self._picture is not None else {}
            said = (here for here, uuid in self._shape if uuid in elements and elements[uuid].values)
            path = next((here for here in said if _is_open(nodes, here)), None)
        if path is not None:
            self.move_cursor(nodes[path])
        elif self._shape:
            self.move_cursor_to_line(0)

    def _folded(self) -> dict[Path, bool]:
        """Which branches are folded, and which are not."""
        found = {}
        waiting = list(self.root.children)
        while waiting:
            node = waiting.pop()
            if node.children and node.data is not None:
                found[node.data.path] = not node.is_expanded
                waiting.extend(node.children)
        return found

    def on_resize(self) -> None:
        """The width of lines depends on it."""
        titles = [title for title, *_ in _COLUMNS]
        self.heading = self._line("  Element", Text("Value"), titles, 0).plain

    def render_label(self, node: TreeNode[Place], base_style: Style, style: Style) -> Text:
        """A line: name, value, quality, rate and age, as wide as there is room."""
        place = node.data
        if place is None or self._picture is None:
            return Text()
        sign = ("▼ " if node.is_expanded else "▶ ") if node.allow_expand else "  "
        name = sign + safe(place.path[-1])
        indent = (len(place.path) - 1) * self.guide_depth
        element = self._picture.elements.get(place.element or "")
        rate = rate_text(sum(self._picture.rates.get(uuid, 0.0) for uuid in place.under))
        if element is None or not element.values:
            line = self._line(name, Text(), ["", rate, ""], indent)
            if not node.allow_expand:
                line.stylize(DIM)
        else:
            shown = element.values[0]
            age = age_text(self._picture.time - shown.time)
            line = self._line(name, short_value(shown), [quality_text(element.quality), rate, age], indent)
        line.stylize(style)
        return line

    def get_label_width(self, node: TreeNode[Place]) -> int:
        """As wide as there is room, whatever stands there."""
        depth = len(node.data.path) - 1 if node.data is not None else 0
        return max(self._room - depth * self.guide_depth, 1)

    @property
    def _room(self) -> int:
        return int(self.scrollable_content_region.width)

    def _line(self, name: str, value: Text, behind: Sequence[Text | str], indent: int) -> Text:
        values = max(10, int(self._room * _VALUE))
        if self._room < _ROOMY:
            values = max(8, self._room // 4)
        names = max(self._room - indent - values - 1 - _BEHIND, 8)
        line = Text(cut(name, names), no_wrap=True)
        line.append(" ").append(_cell(value, values, right=False))
        for text, (_, width, right) in zip(behind, _COLUMNS, strict=True):
            line.append(" ").append(_cell(text, width, right=right))
        return line


def _cell(text: Text | str, width: int, *, right: bool) -> Text:
    if isinstance(text, str):
        return Text(cut(text, width, right=right))
    return Text(cut(text.plain, width, right=right), style=text.style)


def _is_open(nodes: Mapping[Path, TreeNode[Place]], path: Path) -> bool:
    """Whether all branches above a node are open."""
    return all(nodes[path[:depth]].is_expanded for depth in range(1, len(path)))


def _path(element: Element) -> Path:
    if not element.name:
        return (_UNNAMED, element.uuid)
    return tuple(element.name.split(".", _DEEPEST - 1))


def _natural(item: tuple[Path, str]) -> tuple[bool, list[list[tuple[int, int | str]]]]:
    """Tank 2 before Tank 10; what has no name at the end."""
    path, _ = item
    return path[0] == _UNNAMED, [
        [(place % 2, int(piece) if place % 2 else piece) for place, piece in enumerate(_PIECES.split(part))]
        for part in path
    ]
