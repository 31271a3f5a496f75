"""The language server, asked by a real client over standard input and output."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from support import GOLDEN, ROOT, invoke

pygls = pytest.importorskip("pygls")
from lsprotocol import types  # noqa: E402
from pygls.lsp.client import LanguageClient  # noqa: E402

CASE = GOLDEN / "py-psycopg2"
SECONDS = 60


class Editor(LanguageClient):
    """A client that keeps what is published."""

    def __init__(self) -> None:
        super().__init__("test", "1")
        self.published: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()

        @self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def publish(params: types.PublishDiagnosticsParams) -> None:
            self.published.put_nowait(params)

    async def open(self, path: Path, language: str = "dockerfile") -> types.TextDocumentItem:
        item = types.TextDocumentItem(
            uri=path.as_uri(), language_id=language, version=1, text=path.read_bytes().decode()
        )
        self.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
        return item

    async def next(self) -> types.PublishDiagnosticsParams:
        return await asyncio.wait_for(self.published.get(), SECONDS)


def with_editor(use: Callable[[Editor], Awaitable[None]]) -> None:
    """Runs the server, and what a user does in an editor."""

    async def session() -> None:
        editor = Editor()
        await editor.start_io(sys.executable, "-m", "slimify", "lsp", cwd=ROOT)
        await editor.initialize_async(types.InitializeParams(capabilities=types.ClientCapabilities()))
        editor.initialized(types.InitializedParams())
        try:
            await use(editor)
        finally:
            await editor.shutdown_async(None)
            editor.exit(None)
            assert editor._server is not None
            assert await asyncio.wait_for(editor._server.wait(), SECONDS) == 0
            assert editor._server.stderr is not None
            assert await editor._server.stderr.read() == b""
            await editor.stop()

    asyncio.run(session())


def applied(text: str, edits: list[types.TextEdit]) -> str:
    """The text with edits, as an editor applies them: from the last to the first."""
    lines = text.split("\n")

    def offset(at: types.Position) -> int:
        return sum(len(line) + 1 for line in lines[: at.line]) + at.character

    for edit in sorted(edits, key=lambda e: (e.range.start.line, e.range.start.character), reverse=True):
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CASE / "input", tmp_path / "people"))


def line(number: int) -> types.Range:
    return types.Range(types.Position(number, 0), types.Position(number, 0))


def test_findings_explanations_and_the_rewrite(project: Path) -> None:
    file = project / "Dockerfile"

    async def use(editor: Editor) -> None:
        document = await editor.open(file)
        told = await editor.next()
        (finding,) = (d for d in told.diagnostics if d.severity == types.DiagnosticSeverity.Information)
        assert (told.version, finding.code, finding.range.start.line) == (1, "SL301", 0)
        assert finding.message.startswith("about 977 MB of 1.14 GB (86 %) would be saved: ")
        assert finding.code_description is not None
        assert finding.code_description.href.endswith("/SL301.html")

        at = types.TextDocumentIdentifier(uri=document.uri)
        hover = await editor.text_document_hover_async(
            types.HoverParams(text_document=at, position=types.Position(3, 5))
        )
        assert hover is not None
        assert isinstance(hover.contents, types.MarkupContent)
        assert hover.contents.value.startswith("**RUN**: both\n")
        assert "  - `libpq-dev` → `libpq5`: build" in hover.contents.value
        nothing = await editor.text_document_hover_async(
            types.HoverParams(text_document=at, position=types.Position(1, 0))
        )
        assert nothing is None

        actions = await editor.text_document_code_action_async(
            types.CodeActionParams(at, line(0), types.CodeActionContext(diagnostics=[finding]))
        )
        (rewrite,) = actions or []
        assert isinstance(rewrite, types.CodeAction)
        assert (rewrite.kind, rewrite.title) == (
            types.CodeActionKind.QuickFix,
            "slimify: rewrite, saves about 977 MB of 1.14 GB (86 %)",
        )
        assert rewrite.edit is not None
        (change,) = rewrite.edit.document_changes or []
        assert isinstance(change, types.TextDocumentEdit)
        assert change.text_document.version == 1
        text = applied(document.text, [e for e in change.edits if isinstance(e, types.TextEdit)])
        assert text == (CASE / "expected.Dockerfile").read_text()

    with_editor(use)
    assert file.read_bytes() == (CASE / "input" / "Dockerfile").read_bytes()


def test_what_is_typed_counts_not_what_is_saved(project: Path) -> None:
    async def use(editor: Editor) -> None:
        document = await editor.open(project / "Dockerfile")
        await editor.next()
        texts = (document.text.replace("RUN pip", "RUNN pip"), (CASE / "expected.Dockerfile").read_text())
        found = []
        for version, text in enumerate(texts, 2):
            editor.text_document_did_change(
                types.DidChangeTextDocumentParams(
                    text_document=types.VersionedTextDocumentIdentifier(uri=document.uri, version=version),
                    content_changes=[types.TextDocumentContentChangeWholeDocument(text=text)],
                )
            )
            found.append(await editor.next())
        assert [told.version for told in found] == [2, 3]
        (error,) = found[0].diagnostics
        assert (error.severity, error.range.start.line) == (types.DiagnosticSeverity.Error, 9)
        assert 'unknown instruction "RUNN"' in error.message
        assert not found[1].diagnostics
        editor.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri=document.uri))
        )
        assert not (await editor.next()).diagnostics

    with_editor(use)


def test_only_dockerfiles_are_read(project: Path) -> None:
    async def use(editor: Editor) -> None:
        other = await editor.open(project / "people.py", "python")
        at = types.TextDocumentIdentifier(uri=other.uri)
        hover = types.HoverParams(text_document=at, position=types.Position(0, 0))
        assert await editor.text_document_hover_async(hover) is None
        asked = types.CodeActionParams(at, line(0), types.CodeActionContext(diagnostics=[]))
        assert not await editor.text_document_code_action_async(asked)
        await editor.open(project / "Dockerfile", "plaintext")
        assert (await editor.next()).uri.endswith("/Dockerfile")

    with_editor(use)


def test_the_ignore_file_is_an_edit_of_its_own(project: Path) -> None:
    import slimify
    from slimify.lsp import answers

    (project / ".venv").mkdir()
    (project / ".venv" / "pyvenv.cfg").write_text("home = /usr\n")
    file = project / "Dockerfile"
    file.write_text(file.read_text().replace("COPY people.py ./", "COPY . ./"))
    outcome = slimify.rewrite_file(file)
    rewrite, whole = answers.actions(outcome, file.as_uri(), 7, [])
    assert whole.title.startswith("slimify: rewrite and write .dockerignore, saves ")
    assert rewrite.edit is not None
    assert whole.edit is not None
    created, written, change = whole.edit.document_changes or []
    assert isinstance(created, types.CreateFile)
    assert isinstance(written, types.TextDocumentEdit)
    assert created.uri == written.text_document.uri == (project / ".dockerignore").as_uri()
    assert outcome.ignore is not None
    assert applied("", [e for e in written.edits if isinstance(e, types.TextEdit)]) == outcome.ignore.after
    assert [change] == rewrite.edit.document_changes


@pytest.mark.parametrize("end", ["\n", "\r\n", ""], ids=["newline", "crlf", "no newline at the end"])
def test_edits_are_what_the_rewrite_prints(project: Path, end: str) -> None:
    import slimify
    from slimify.lsp import answers

    text = (project / "Dockerfile").read_text().replace("\n", end or "\n")
    text = f"# é 🐍{end or chr(10)}{text}" if end else text.rstrip("\n")
    outcome = slimify.rewrite(text, project)
    rewrite, *_ = answers.actions(outcome, "file:///Dockerfile", None, [])
    assert rewrite.kind == types.CodeActionKind.RefactorRewrite
    assert rewrite.edit is not None
    (change,) = rewrite.edit.document_changes or []
    assert isinstance(change, types.TextDocumentEdit)
    assert applied(text, [e for e in change.edits if isinstance(e, types.TextEdit)]) == outcome.after


def test_texts_of_a_dockerfile_are_no_markup(tmp_path: Path) -> None:
    import slimify
    from slimify.lsp import answers

    text = "FROM python:3.12\nRUN echo '``` ![x](http://a.b) <b>'\nCMD python\n"
    told = answers.hover(slimify.rewrite(text), 1)
    assert told is not None
    assert isinstance(told.contents, types.MarkupContent)
    assert "- ```` echo '``` ![x](http://a.b) <b>' ````: " in told.contents.value


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slimify.lsp.find_spec", lambda name: None)
    result = invoke("lsp")
    assert result.code == 2
    assert "pip install 'dockerfile-slimify[lsp]'" in result.stderr
