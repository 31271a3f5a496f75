"""The keys: those of the focused part at the bottom of the screen, and all of them on `?`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

_GAP = "  "  # between two keys


class Keys(Static):
    """The keys that work now, in as many lines as they take."""

    DEFAULT_CSS = "Keys { dock: bottom; height: auto; background: $footer-background; padding: 0 1; }"

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _screen: self._show())

    def on_resize(self) -> None:
        self._show()

    def _show(self) -> None:
        bindings = (active.binding for active in self.screen.active_bindings.values())
        keys = ((self.app.get_key_display(b), b.description) for b in bindings if b.show)
        lines = [Text()]
        for key, description in dict.fromkeys(keys):  # two keys may be called the same
            if lines[-1].cell_len + len(f"{key} {description}") > max(self.size.width, 20):
                lines.append(Text())
            lines[-1].append(key, "bold").append(f" {description}{_GAP}")
        for line in lines:
            line.rstrip()
        self.update(Text("\n").join(lines))


class Help(ModalScreen[None]):
    """All keys in groups. Any of `?`, escape and q closes it."""

    DEFAULT_CSS = """
    Help { align: center middle; }
    Help VerticalScroll { width: 64; max-width: 100%; height: auto; max-height: 100%; border: round $border;
                          background: $surface; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,escape,q", "dismiss", "Close")]

    def __init__(self, groups: Iterable[tuple[str, Iterable[Binding]]], about: str) -> None:
        super().__init__()
        self._groups, self._about = groups, about

    def compose(self) -> ComposeResult:
        text = Text()
        for title, bindings in self._groups:
            text.append(f"{title}\n", "bold")
            for binding in bindings:
                keys = binding.key_display or " ".join(binding.key.split(","))
                text.append(f"  {_readable(keys):16}", "bold").append(f"{binding.description}\n")
        with VerticalScroll() as box:
            yield Static(text.append(f"\n{self._about}"))
        box.border_title = "Keys"


def _readable(keys: str) -> str:
    names = {"question_mark": "?", "pageup": "page up", "pagedown": "page down", "escape": "esc"}
    return " ".join(names.get(key, key.replace("ctrl+", "^")) for key in keys.split(" "))
