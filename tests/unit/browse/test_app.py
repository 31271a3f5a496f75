"""The browser: what layers on top of each other leave, and what keys do."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from articleimages import MB, article, directory, file
from hypothesis import given, settings
from hypothesis import strategies as st
from imagefiles import archive, docker_members, member, tar
from msgspec.structs import replace
from support import invoke, slowness

from slimify import browse
from slimify.analyze.model import Analysis, Node
from slimify.browse.stack import Item, Stack, matching
from slimify.model.errors import SlimifyError

pytest.importorskip("textual")


def paths(item: Item, hidden: frozenset[str] = frozenset()) -> dict[str, str]:
    """Every path that is shown, with its change; directories too."""
    found: dict[str, str] = {}
    for child in item.children:
        if child.shows(hidden):  # type: ignore[arg-type]
            found[child.node.path] = child.change
            found |= paths(child, hidden)
    return found


def leaves(node: Node) -> dict[str, int]:
    """The files of a merged tree with their sizes."""
    if not node.children:
        return {node.path: node.size} if node.kind != "directory" else {}
    return {path: size for child in node.children for path, size in leaves(child).items()}


# --- layers on top of each other ------------------------------------------------------------------


def test_a_layer_shows_what_it_changed_on_what_was_there() -> None:
    layer = Stack(article().trees).layer(2)
    found = paths(layer)
    assert found["/etc/motd"] == "removed"
    assert found["/etc/passwd"] == "unmodified"
    assert found["/srv/bin/server"] == "added"
    assert found["/srv/EconReport.pdf"] == "unmodified"


def test_what_is_not_modified_can_be_hidden() -> None:
    layer = Stack(article().trees).layer(2)
    assert [
        path for path, change in paths(layer, frozenset({"unmodified"})).items() if change == "unmodified"
    ] == []
    assert "/usr" not in paths(layer, frozenset({"unmodified"}))
    assert "/etc" not in paths(layer, frozenset({"unmodified", "removed"}))


def test_aggregated_changes_are_those_since_the_lowest_layer() -> None:
    stack = Stack(article().trees)
    assert set(paths(stack.aggregated(0)).values()) == {"added"}
    found = paths(stack.aggregated(2))
    assert (found["/etc/motd"], found["/etc/passwd"]) == ("removed", "unmodified")
    assert (found["/srv/EconReport.pdf"], found["/srv/bin/server"]) == ("added", "added")


def test_what_came_and_went_is_not_there() -> None:
    base, made = directory("", file("/a", 1)), directory("", file("/b", 2))
    cleaned = directory("", file("/b", 2, change="removed"), change="modified")
    stack = Stack((base, made, cleaned))
    assert paths(stack.aggregated(2)) == {"/a": "unmodified"}
    assert paths(stack.layer(2)) == {"/a": "unmodified", "/b": "removed"}


def test_sizes_are_those_of_what_is_shown() -> None:
    srv = next(child for child in Stack(article().trees).layer(2).children if child.node.name == "srv")
    assert srv.size(frozenset({"unmodified"})) == 72 * MB
    assert srv.size(frozenset()) == (72 + 46) * MB + 4_000


NAMES = st.sampled_from(["a", "b", "dir/a", "dir/b", "dir/sub/a"])
LAYER = st.dictionaries(NAMES, st.one_of(st.integers(1, 50), st.none()), max_size=5)


@settings(max_examples=60)
@given(st.lists(LAYER, min_size=1, max_size=5))
def test_stacked_layers_are_what_a_container_sees(layers: list[dict[str, int | None]]) -> None:
    """Against the file systems that applying one layer after the other leaves."""
    from io import BytesIO

    from slimify.analyze.analyze_image import analyze_image
    from slimify.image.archive import read
    from slimify.image.layer import ReadOptions

    files: dict[str, int] = {}
    states, blobs = [], []
    for layer in layers:
        members = []
        for name, size in layer.items():
            above, _, last = name.rpartition("/")
            if size is not None:
                members.append(member(name, b"x" * size))
                files["/" + name] = size
            elif files.pop("/" + name, None) is not None:
                members.append(member(f"{above}/.wh.{last}".lstrip("/")))
        blobs.append(tar(*members))
        states.append(dict(files))
    image = read(BytesIO(archive(docker_members(blobs))), ReadOptions(digests=True))
    stack = Stack(analyze_image(image, name="x").trees)
    for index, state in enumerate(states):
        for root in (stack.layer(index), stack.aggregated(index)):
            assert _present(root) == state
            assert root.size(frozenset()) == sum(state.values())


def _present(item: Item) -> dict[str, int]:
    if not item.children:
        return {item.node.path: item.node.size} if item.node.kind != "directory" else {}
    kept = (child for child in item.children if child.change != "removed")
    return {path: size for child in kept for path, size in _present(child).items()}


def test_a_filter_keeps_what_leads_to_what_fits_and_what_is_in_it() -> None:
    root = Stack(article().trees).layer(2)
    kept = matching(root, lambda path: re.search("go-build$", path) is not None, frozenset())
    assert kept == {"/", "/root", "/root/.cache", "/root/.cache/go-build", "/root/.cache/go-build/0"}


# --- keys -----------------------------------------------------------------------------------------


def browsing(
    script: Callable[[Any, Any], Awaitable[None]], analysis: Analysis | None = None, *, light: bool = False
) -> None:
    from slimify.browse.app import Browser

    async def run() -> None:
        app = Browser(analysis or article(), light=light)
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause()
            await script(app, pilot)

    asyncio.run(run())


def shown(app: Any) -> list[str]:
    files = app.query_one("#files")
    return [row.item.node.path for row in files.rows]


def screen(app: Any) -> str:
    files = app.query_one("#files")
    return "\n".join(files.render_line(y).text.rstrip() for y in range(files.size.height))


@pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
def test_it_begins_where_the_bytes_are(light: bool) -> None:
    async def script(app: Any, pilot: Any) -> None:
        assert app.query_one("#layers").highlighted == 2
        assert "/root/.cache/go-build" in shown(app)
        assert "/usr" not in shown(app)
        text = screen(app)
        assert re.search(r"-rwxr-xr-x +0:0 +72 MB  .*└── server", text)
        assert re.search(r"drwx------ +0:0 +237 MB  .*root", text)
        assert "◆ SL701 cache" in text
        assert app.theme == ("textual-light" if light else "textual-dark")
        about = str(app.query_one("#text").render())
        assert "Line 6: RUN make build/bin/server" in about
        assert "Go's build cache" in about

    browsing(script, light=light)


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_what_is_added_to_a_base_that_is_known(known: bool) -> None:
    image = article()

    async def script(app: Any, pilot: Any) -> None:
        assert ("to its base" in str(app.query_one("#text").render())) is known

    browsing(script, image if known else replace(image, own_size=image.size))


@pytest.mark.parametrize("width", [80, 120])
def test_figures_and_all_keys_are_on_the_screen(width: int) -> None:
    async def script(app: Any, pilot: Any) -> None:
        await pilot.resize_terminal(width, 24)
        await pilot.pause()
        for focus in ("layers", "files"):
            strips = app.screen._compositor.render_strips()
            first, *_, last = ["".join(s.text for s in strip) for strip in strips]
            assert "975 MB · efficiency 99.99 % · wasted 300 bytes · avoidable 283 MB · toodle" in first
            assert last.rstrip().endswith("? help  q quit")
            keys = " ".join("".join(s.text for s in strip) for strip in strips[-3:])
            wanted = {
                "layers": ("^a all changes so far", "^l changes"),
                "files": ("space fold", "^o by size"),
            }
            assert [label for label in wanted[focus] if label not in keys] == []
            assert keys.count("^m modified") == (focus == "files")
            await pilot.press("tab")
            await pilot.pause()
        # with little room, names come before permissions
        assert app.query_one("#files").with_attributes == (width == 120)

    from slimify.browse.app import Browser

    async def run() -> None:
        app = Browser(article())
        async with app.run_test(size=(width, 24)) as pilot:
            await pilot.pause()
            await script(app, pilot)

    asyncio.run(run())


def test_help_lists_every_key() -> None:
    async def script(app: Any, pilot: Any) -> None:
        await pilot.press("question_mark")
        await pilot.pause()
        text = str(app.screen.query_one("Static").render())
        for line in ("?               help", "^space          fold all", "left h          to the directory"):
            assert f"  {line}\n" in text
        for key in ("question_mark", "escape", "q"):
            if key != "question_mark":
                await pilot.press("question_mark")
                await pilot.pause()
            await pilot.press(key)
            await pilot.pause()
            assert app.screen.query("#files")

    browsing(script)


def test_layers_are_chosen_with_the_arrows_and_aggregated() -> None:
    async def script(app: Any, pilot: Any) -> None:
        await pilot.press("up")
        assert "/srv/MediaKit.zip" in shown(app)
        assert "/root" not in shown(app)
        await pilot.press("down", "ctrl+a")
        assert {"/srv", "/root"} <= set(shown(app))
        assert "Aggregated" in app.query_one("#files").border_title
        await pilot.press("ctrl+l")
        assert "Layer" in app.query_one("#files").border_title

    browsing(script)


def test_tab_goes_to_the_files_and_back() -> None:
    async def script(app: Any, pilot: Any) -> None:
        await pilot.press("tab")
        assert app.query_one("#files").has_focus
        await pilot.press("tab")
        assert app.query_one("#layers").has_focus

    browsing(script)


@pytest.mark.parametrize(
    ("key", "path", "before"),
    [
        pytest.param("ctrl+u", "/usr", False, id="unmodified"),
        pytest.param("ctrl+r", "/etc", True, id="removed"),
        pytest.param("ctrl+a", "/root", True, id="added"),
    ],
)
def test_kinds_of_changes_are_hidden_and_shown(key: str, path: str, before: bool) -> None:
    async def script(app: Any, pilot: Any) -> None:
        await pilot.press("tab")
        assert (path in shown(app)) is before
        await pilot.press(key)
        assert (path in shown(app)) is not before
        await pilot.press(key)
        assert (path in shown(app)) is before

    browsing(script)


@pytest.mark.parametrize("key", ["ctrl+m", "enter"])
def test_modified_files_are_hidden_with_a_key_that_terminals_send_as_enter(key: str) -> None:
    ground = directory("", file("/a", MB), file("/b", MB))
    over = directory("", file("/a", MB, change="modified"), file("/c", MB), change="modified")
    layers = tuple(replace(layer, index=n) for n, layer in enumerate(article().layers[1:]))
    two = replace(article(), trees=(ground, over), layers=layers, merged=ground, findings=())

    async def script(app: Any, pilot: Any) -> None:
        assert shown(app) == ["/a", "/c"]
        await pilot.press("tab", key)
        assert shown(app) == ["/c"]

    browsing(script, two)


def test_directories_are_folded() -> None:
    async def script(app: Any, pilot: Any) -> None:
        await pilot.press("tab", "home")
        while shown(app)[app.query_one("#files").cursor] != "/root":
            await pilot.press("down")
        assert "/root/.cache" in shown(app)
        await pilot.press("space")
        assert "/root/.cache" not in shown(app)
        assert "⊕ root" in screen(app)
        await pilot.press("right")
        assert "/root/.cache" in shown(app)
        await pilot.press("ctrl+at")
        assert "/root/.cache" not in shown(app)
        await pilot.press("ctrl+at")
        assert "/srv/bin/server" in shown(app)

    browsing(script)


def test_the_largest_files_one_after_the_other() -> None:
    async def script(app: Any, pilot: Any) -> None:
        files = app.query_one("#files")
        await pilot.press("tab", "ctrl+at", "l")
        assert shown(app)[files.cursor] == "/root/.cache/go-build/0"
        await pilot.press("l")
        assert shown(app)[files.cursor] == "/srv/bin/server"
        await pilot.press("left")
        assert shown(app)[files.cursor] == "/srv/bin"

    browsing(script)


def test_a_filter_is_typed_applied_and_closed() -> None:
    async def script(app: Any, pilot: Any) -> None:
        before = shown(app)
        await pilot.press("tab", "ctrl+f", *"server", "enter")
        assert shown(app) == ["/srv", "/srv/bin", "/srv/bin/server"]
        assert app.query_one("#files").has_focus
        assert app.query_one("#files").border_title.endswith("filter: server")
        await pilot.press("ctrl+f", *"((", "enter")
        assert "invalid regular expression" in app.query_one("#filter").border_title
        await pilot.press("escape")
        assert shown(app) == before
        assert "filter" not in app.query_one("#files").border_title

    browsing(script)


def test_attributes_and_order() -> None:
    async def script(app: Any, pilot: Any) -> None:
        await pilot.press("up", "tab")
        assert shown(app)[1:] == ["/srv/EconReport.pdf", "/srv/MediaKit.zip", "/srv/main.go"]
        await pilot.press("ctrl+o", "ctrl+b")
        assert shown(app)[1:3] == ["/srv/MediaKit.zip", "/srv/EconReport.pdf"]
        assert "-rw-r--r--" not in screen(app)

    browsing(script)


def test_names_steer_no_terminal() -> None:
    evil = directory("", file("/\x1b[2Jx\n\udcff", 3 * MB))
    layer = replace(article().layers[1], index=0, instruction="RUN \x1b[31m[bold]x[/nonsense]")
    one = replace(article(), trees=(evil,), layers=(layer,), findings=(), name="\x1b[1m[b]x")

    async def script(app: Any, pilot: Any) -> None:
        assert "\\x1b[2Jx\\n\\xff" in screen(app)
        assert "\x1b" not in screen(app)

    browsing(script, one)


def test_an_image_without_layers() -> None:
    empty = replace(article(), trees=(), layers=(), findings=(), size=0, own_size=0, merged=directory(""))

    async def script(app: Any, pilot: Any) -> None:
        await pilot.press("tab", "ctrl+a", "ctrl+f", "x", "enter", "escape")

    browsing(script, empty)


def test_fifty_thousand_files_open_fast() -> None:
    folders = [
        directory(f"/srv/{a:03}", *(file(f"/srv/{a:03}/{b:03}", 1000) for b in range(250)))
        for a in range(200)
    ]
    large = directory("", directory("/srv", *folders))
    layers = tuple(replace(layer, index=n) for n, layer in enumerate(article().layers[1:]))
    one = replace(article(), trees=(large, directory("", file("/a", 1))), layers=layers, findings=())

    async def script(app: Any, pilot: Any) -> None:
        began = time.process_time()
        await pilot.press("up", "tab", "ctrl+u")
        assert (
            time.process_time() - began < 3 * slowness()
        )  # all of it takes 0.1 s on a machine that does nothing else
        assert len(shown(app)) == 201
        await pilot.press("ctrl+at", "ctrl+at")
        assert len(shown(app)) == 50_201

    browsing(script, one)


def test_it_is_left_with_q() -> None:
    async def script(app: Any, pilot: Any) -> None:
        await pilot.press("q")
        await pilot.pause()
        assert not app.is_running or app._exit

    browsing(script)


# --- where it can't be ----------------------------------------------------------------------------


def test_without_textual_it_is_said_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slimify.browse.find_spec", lambda name: None)
    result = invoke("analyze", "no-such-image", "-i")
    assert result.code == 2
    assert "requires the tui extra" in result.stderr
    assert "dockerfile-slimify[tui]" in result.stderr


def test_without_a_terminal() -> None:
    with pytest.raises(SlimifyError) as caught:
        browse.check()
    assert caught.value.code == "SL755"
    assert invoke("analyze", "no-such-image", "--interactive").code == 2


@pytest.mark.parametrize(
    "more",
    [("other",), ("--format", "json"), ("--max-size", "1MB"), ("--ci",)],
    ids=["two images", "JSON", "limit", "CI"],
)
def test_it_shows_one_image_and_judges_none(more: tuple[str, ...]) -> None:
    result = invoke("analyze", "image", "-i", *more)
    assert result.code == 2
    assert "--interactive" in result.stderr


@pytest.mark.parametrize(
    ("colours", "light"), [("", False), ("15;0", False), ("0;15", True), ("0;default;7", True), ("x", False)]
)
def test_terminals_say_whether_they_are_light(colours: str, light: bool) -> None:
    assert browse.is_light(colours) is light
