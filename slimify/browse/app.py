"""The Textual app: layers and their details on the left, files on the right."""

from __future__ import annotations

import re
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.timer import Timer
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from slimify.analyze.model import Analysis, LayerView, Waste
from slimify.browse.keys import Help, Keys
from slimify.browse.stack import Stack
from slimify.browse.tree import FileTree
from slimify.report.analysis.text import kinds, score
from slimify.report.printable import masked, printable
from slimify.report.text import size

_WIDE = 100  # columns, from which there is room for permissions and owners
_FILTER_DELAY = 0.2  # seconds without a key press before the filter is applied


class Layers(OptionList):
    """The list of layers. Moving the cursor shows the files of another layer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor_up", "up", show=False),
        Binding("down,j", "cursor_down", "down", show=False),
        Binding("pageup,u", "page_up", "page up", show=False),
        Binding("pagedown,d", "page_down", "page down", show=False),
        Binding("ctrl+a", "app.compare('all')", "all changes so far"),
        Binding("ctrl+l", "app.compare('layer')", "changes of the layer"),
    ]


class Browser(App[None]):
    """The app that shows one image."""

    CSS = """
    #headline { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    #left { width: 2fr; min-width: 30; }
    #files { width: 3fr; border: round $border-blurred; }
    #files:focus { border: round $border; }
    Layers { height: 1fr; border: round $border-blurred; text-wrap: nowrap; text-overflow: ellipsis; }
    Layers:focus { border: round $border; }
    #about { height: 2fr; border: round $border-blurred; padding: 0 1; }
    #about:focus { border: round $border; }
    Layers, #about, #files { border-title-color: $foreground; }
    #filter { display: none; dock: bottom; height: 3; }
    #filter.open { display: block; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "switch", "switch", priority=True),
        Binding("ctrl+f", "filter", "filter"),
        Binding("escape", "close_filter", "all files"),
        Binding("ctrl+t", "theme", "light or dark"),
        Binding("question_mark", "help", "help"),
        Binding("q,ctrl+c", "quit", "quit"),
    ]

    def __init__(self, analysis: Analysis, *, light: bool = False) -> None:
        super().__init__()
        self._analysis = analysis
        self._stack = Stack(analysis.trees)
        self._light = light
        self._aggregated = False
        self._pattern = ""
        self._waiting: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Static(self._headline(), id="headline")
        with Horizontal():
            with Vertical(id="left"):
                yield Layers(*(self._option(layer) for layer in self._analysis.layers), id="layers")
                with VerticalScroll(id="about", can_focus=False):
                    yield Static(id="text")
            if self._analysis.layers:
                yield FileTree(self._stack.layer(0), id="files")
        yield Input(placeholder="regular expression for paths", id="filter")
        yield Keys()

    def on_mount(self) -> None:
        self.theme = "textual-light" if self._light else "textual-dark"
        layers = self.query_one(Layers)
        layers.border_title = "Layers"
        about = self.query_one("#about")
        about.border_title = "Layer"
        layers.focus()
        for files in self.query(FileTree):
            files.with_attributes = self.size.width >= _WIDE
        if self._analysis.layers:
            # Start at the largest layer that the Dockerfile added.
            own = [layer for layer in self._analysis.layers if not layer.base] or self._analysis.layers
            layers.highlighted = max(own, key=lambda layer: layer.size).index

    def _headline(self) -> Text:
        """What dive shows of an image, and what could be avoided."""
        one = self._analysis
        text = Text()
        figures = (
            f"efficiency {score(one)}",
            f"wasted {size(one.efficiency.wasted)}",
            f"avoidable {size(one.avoidable)}",
        )
        return text.append(" · ".join((size(one.size), *figures, printable(one.name))), "bold")

    def _option(self, layer: LayerView) -> Option:
        text = Text(f"{layer.index + 1:>3} {size(layer.size):>9}  ", no_wrap=True, overflow="ellipsis")
        text.append(printable(masked(layer.instruction)), "dim" if layer.base else "")
        return Option(text)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._show(event.option_index)

    def _show(self, index: int) -> None:
        files = self.query_one(FileTree)
        item = self._stack.aggregated(index) if self._aggregated else self._stack.layer(index)
        found = self._found(index)
        files.show_item(item, {path: w for w in reversed(found) for path in (w.path, *w.paths)})
        self._entitle()
        self.query_one("#text", Static).update(self._about(self._analysis.layers[index], found))

    def _found(self, index: int) -> list[Waste]:
        layers = range(index + 1) if self._aggregated else (index,)
        return [waste for waste in self._analysis.findings if waste.layer in layers]

    def _entitle(self) -> None:
        files = self.query_one(FileTree)
        title = "Aggregated changes" if self._aggregated else "Layer changes"
        if files.hidden:
            title += f" · hidden: {', '.join(sorted(files.hidden))}"
        if self._pattern:
            title += f" · filter: {printable(self._pattern)}"
        files.border_title = title

    def on_file_tree_hidden(self) -> None:
        self._entitle()

    def _about(self, layer: LayerView, found: list[Waste]) -> Text:
        text = Text()
        if layer.line is not None:
            text.append(f"Line {layer.line}: ", "bold")
        elif layer.base:
            text.append("Base image: ", "bold")
        text.append(printable(masked(layer.instruction)) + "\n")
        text.append(f"{layer.added:,} added, {layer.modified:,} modified, {layer.removed:,} removed")
        if layer.hidden:
            text.append(f"; hides {size(layer.hidden)} of lower layers")
        text.append("\n")
        for waste in found:
            text.append(f"\n{size(waste.bytes)} {printable(waste.path)}\n", "bold")
            text.append(
                f"{waste.code} {kinds()[waste.kind]}: {printable(waste.text)}\n→ {printable(waste.remedy)}\n"
            )
        if self._analysis.own_size < self._analysis.size:  # the base is known
            text.append(f"\nThe image adds {size(self._analysis.own_size)} to its base.\n")
        return text

    # --- keys --------------------------------------------------------------------------------------

    def action_switch(self) -> None:
        files = self.query(FileTree)
        layers = self.query_one(Layers)
        if files and not files.first().has_focus:
            files.first().focus()
        else:
            layers.focus()

    def action_compare(self, what: str) -> None:
        self._aggregated = what == "all"
        index = self.query_one(Layers).highlighted
        if index is not None:
            self._show(index)

    def action_filter(self) -> None:
        box = self.query_one("#filter", Input)
        box.add_class("open")
        box.focus()

    def action_close_filter(self) -> None:
        box = self.query_one("#filter", Input)
        box.remove_class("open")
        box.value = ""
        self._apply("")
        for files in self.query(FileTree):
            files.focus()

    def action_help(self) -> None:
        groups = (("Everywhere", Browser), ("Layers", Layers), ("Files", FileTree))
        about = "+ added, modified and removed files have colors; ◆ marks what could be avoided."
        keys = ((title, [b for b in owner.BINDINGS if isinstance(b, Binding)]) for title, owner in groups)
        self.push_screen(Help(keys, about))

    def action_theme(self) -> None:
        self.theme = "textual-dark" if self.theme == "textual-light" else "textual-light"

    def on_input_changed(self, event: Input.Changed) -> None:
        if self._waiting is not None:
            self._waiting.stop()
        self._waiting = self.set_timer(_FILTER_DELAY, lambda: self._apply(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._apply(event.value)
        for files in self.query(FileTree):
            files.focus()

    def _apply(self, pattern: str) -> None:
        if self._waiting is not None:
            self._waiting.stop()
            self._waiting = None
        box = next(iter(self.query("#filter").results(Input)), None)
        if box is None:
            return  # the timer fired while the app was closing
        try:
            test = re.compile(pattern).search if pattern else None
        except re.error as error:
            box.border_title = f"invalid regular expression: {error}"
            return
        box.border_title = None
        self._pattern = pattern
        for files in self.query(FileTree):
            self._entitle()
            files.narrow((lambda path: test(path) is not None) if test else None)
