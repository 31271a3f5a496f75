"""The widget with the files of a layer. It draws only the visible lines."""

from __future__ import annotations

import stat
from collections.abc import Callable
from typing import ClassVar, Final

from msgspec import Struct
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from slimify.analyze.model import Change, Waste
from slimify.browse.stack import Item, matching
from slimify.report.analysis.text import kinds
from slimify.report.printable import printable
from slimify.report.text import size as bytes_of

_KINDS: Final = {
    "directory": stat.S_IFDIR,
    "symlink": stat.S_IFLNK,
    "fifo": stat.S_IFIFO,
    "device": stat.S_IFCHR,
}
_COLUMNS: Final = 60  # width of a line without its guide and name
_OPEN_SHARE: Final = 0.1  # directories with more than this share of all bytes are open at first


class Row(Struct, frozen=True):
    """A line: an item and the tree guide in front of it."""

    item: Item
    guide: str


class FileTree(ScrollView, can_focus=True):
    """A tree of files with permissions, owners and sizes. Directories are loaded when they are opened."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "files--added",
        "files--modified",
        "files--removed",
        "files--guide",
        "files--cursor",
        "files--finding",
    }
    DEFAULT_CSS = """
    FileTree { background: $surface; }
    FileTree:focus { border-title-style: bold; }
    FileTree .files--added { color: $text-success; }
    FileTree .files--modified { color: $text-warning; }
    FileTree .files--removed { color: $text-error; text-style: strike; }
    FileTree .files--guide { color: $text-muted; }
    FileTree .files--finding { color: $text-warning; text-style: bold; }
    FileTree .files--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("down,j", "move(1)", "down", show=False),
        Binding("pageup,u", "page(-1)", "page up", show=False),
        Binding("pagedown,d", "page(1)", "page down", show=False),
        Binding("home,g", "move(-1000000000)", "first", show=False),
        Binding("end,G", "move(1000000000)", "last", show=False),
        Binding("left,h", "leave", "to the directory", show=False),
        Binding("right", "enter", "open", show=False),
        Binding("space", "fold", "fold"),
        Binding("ctrl+at", "fold_all", "fold all", key_display="^space"),
        Binding("l", "largest", "largest"),
        Binding("ctrl+a", "hide('added')", "added"),
        Binding("ctrl+r", "hide('removed')", "removed"),
        # Terminals send the same byte for both keys.
        Binding("ctrl+m,enter", "hide('modified')", "modified", key_display="^m"),
        Binding("ctrl+u", "hide('unmodified')", "unmodified"),
        Binding("ctrl+b", "attributes", "attributes"),
        Binding("ctrl+o", "sort", "by size"),
    ]

    class Hidden(Message):
        """The set of hidden kinds of changes has changed."""

    def __init__(self, item: Item, *, id: str) -> None:
        super().__init__(id=id)
        self.root_item = item
        self.rows: list[Row] = []
        self.cursor = 0
        self.hidden: set[Change] = {"unmodified"}
        self.opened: set[str] = set()
        self.with_attributes = True
        self.by_size = False
        self.findings: dict[str, Waste] = {}
        self._test: Callable[[str], bool] | None = None
        self._kept: set[str] | None = None
        self._largest: list[str] = []

    def on_mount(self) -> None:
        self.show_item(self.root_item, {})

    # --- what is shown -----------------------------------------------------------------------------

    def show_item(self, item: Item, findings: dict[str, Waste]) -> None:
        """Shows another tree, with its largest directories opened."""
        self.root_item, self.findings = item, findings
        self.opened = {item.node.path}
        least = item.size(self.hidden) * _OPEN_SHARE
        waiting = [item]
        while waiting:
            for child in waiting.pop().children:
                if child.is_directory and child.size(self.hidden) > least and child.change != "removed":
                    self.opened.add(child.node.path)
                    waiting.append(child)
        self._largest = []
        self.cursor = 0
        self.scroll_to(0, 0, animate=False)
        self._narrow()

    def narrow(self, test: Callable[[str], bool] | None) -> None:
        """Shows only paths that pass a test, with their parents; all paths if `test` is None."""
        self._test = test
        self._narrow()

    def _narrow(self) -> None:
        self._kept = matching(self.root_item, self._test, self.hidden) if self._test else None
        self.renew()

    def renew(self) -> None:
        """Rebuilds the lines. The cursor stays on its file if that is still visible."""
        at = self.rows[self.cursor].item.node.path if self.cursor < len(self.rows) else ""
        self.rows = []
        waiting = [(child, "", last) for child, last in reversed(self._children(self.root_item))]
        while waiting:
            item, lead, last = waiting.pop()
            self.rows.append(Row(item, lead + ("└── " if last else "├── ")))
            if self._is_open(item):
                below = lead + ("    " if last else "│   ")
                waiting += [(child, below, final) for child, final in reversed(self._children(item))]
        places = {row.item.node.path: number for number, row in enumerate(self.rows)}
        self.cursor = places.get(at, min(self.cursor, max(len(self.rows) - 1, 0)))
        longest = max((len(row.guide) + len(row.item.node.name) for row in self.rows), default=0)
        self.virtual_size = Size(longest + _COLUMNS, len(self.rows))
        self.refresh()

    def _is_open(self, item: Item) -> bool:
        return item.node.path in self.opened or (self._kept is not None and item.is_directory)

    def _children(self, item: Item) -> list[tuple[Item, bool]]:
        seen = [
            child
            for child in item.children
            if (self._kept is None or child.node.path in self._kept) and child.shows(self.hidden)
        ]
        if self.by_size:
            seen.sort(key=lambda child: -child.size(self.hidden))
        return [(child, number == len(seen)) for number, child in enumerate(seen, 1)]

    # --- drawing -----------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        left, top = self.scroll_offset
        number = top + y
        if number >= len(self.rows):
            text = "  nothing to show" if not self.rows and y == 0 else ""
            return Strip([Segment(text, self.rich_style)]).adjust_cell_length(
                self.size.width, self.rich_style
            )
        strip = Strip(self._segments(self.rows[number]))
        style = self.rich_style
        if number == self.cursor and self.has_focus:
            cursor = self.get_component_rich_style("files--cursor")
            strip = Strip([Segment(strip.text, cursor)])
            style = cursor
        return strip.crop_extend(left, left + self.size.width, style)

    def _segments(self, row: Row) -> list[Segment]:
        item, base = row.item, self.rich_style
        node = item.node
        guide = self._style("guide")
        colour = base if item.change == "unmodified" else self._style(item.change)
        segments = []
        if self.with_attributes:
            mode = stat.filemode(_KINDS.get(node.kind, stat.S_IFREG) | node.mode)
            segments.append(Segment(f"{mode} {node.uid:>5}:{node.gid:<5} ", guide))
        segments.append(Segment(f"{bytes_of(item.size(self.hidden)):>10}  ", base))
        segments.append(Segment(row.guide, guide))
        folded = "⊕ " if item.is_directory and not self._is_open(item) else ""
        target = f" → {printable(node.target)}" if node.target else ""
        segments.append(Segment(f"{folded}{printable(node.name)}{target}", colour))
        if waste := self.findings.get(node.path):
            segments.append(Segment(f"  ◆ {waste.code} {kinds()[waste.kind]}", self._style("finding")))
        return segments

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"files--{name}")

    # --- keys --------------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        self.cursor = max(0, min(self.cursor + by, len(self.rows) - 1))
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True)
        self.refresh()

    def action_page(self, by: int) -> None:
        self.action_move(by * max(self.size.height - 1, 1))

    def action_fold(self) -> None:
        if self.rows and (item := self.rows[self.cursor].item).is_directory:
            self.opened ^= {item.node.path}
            self.renew()

    def action_fold_all(self) -> None:
        """Closes all directories, or opens all if none is open."""
        if self.opened - {self.root_item.node.path}:
            self.opened = {self.root_item.node.path}
        else:
            waiting = [self.root_item]
            while waiting:
                item = waiting.pop()
                if item.is_directory and item.shows(self.hidden):
                    self.opened.add(item.node.path)
                    waiting += item.children
        self.renew()

    def action_enter(self) -> None:
        if self.rows and (item := self.rows[self.cursor].item).is_directory:
            if self._is_open(item):
                self.action_move(1)
            else:
                self.action_fold()

    def action_leave(self) -> None:
        """Closes the directory, or moves the cursor to the parent."""
        if not self.rows:
            return
        item = self.rows[self.cursor].item
        if item.is_directory and item.node.path in self.opened:
            self.action_fold()
            return
        above = item.node.path.rpartition("/")[0]
        for number in range(self.cursor, -1, -1):
            if self.rows[number].item.node.path == above:
                self.action_move(number - self.cursor)
                return

    def action_largest(self) -> None:
        """Moves the cursor to the largest file, and to the next largest with each call."""
        if not self._largest:
            self._largest = self._by_size()
        while self._largest:
            path = self._largest.pop(0)
            parts = path.strip("/").split("/")
            self.opened |= {"/" + "/".join(parts[:number]) for number in range(1, len(parts))}
            self.renew()
            places = [number for number, row in enumerate(self.rows) if row.item.node.path == path]
            if places:
                self.action_move(places[0] - self.cursor)
                return

    def _by_size(self) -> list[str]:
        found: list[tuple[int, str]] = []
        waiting = [self.root_item]
        while waiting:
            item = waiting.pop()
            if item.children:
                waiting += item.children
            elif item.shows(self.hidden) and item.change != "removed":
                found.append((-item.node.size, item.node.path))
        return [path for _, path in sorted(found)[:100]]

    def action_hide(self, change: Change) -> None:
        self.hidden ^= {change}
        self._largest = []
        self._narrow()
        self.post_message(self.Hidden())

    def action_attributes(self) -> None:
        self.with_attributes = not self.with_attributes
        self.refresh()

    def action_sort(self) -> None:
        self.by_size = not self.by_size
        self.renew()
