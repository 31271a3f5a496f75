"""The language server: which document is asked about, and when its outcome is computed."""

from __future__ import annotations

import threading
from pathlib import Path

from lsprotocol import types
from msgspec import Struct
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from slimify import __version__
from slimify.app.dockerfiles import outcome_of
from slimify.app.locate import is_dockerfile
from slimify.lsp import answers
from slimify.model.outcome import Outcome

_DELAY = 0.3  # seconds without a change before the document is read

server = LanguageServer("slimify", __version__)


class _Answer(Struct, frozen=True):
    """The outcome for a text."""

    text: str
    outcome: Outcome


_answers: dict[str, _Answer] = {}
_timers: dict[str, threading.Timer] = {}
_lock = threading.Lock()  # one document at a time: computing takes a processor anyway


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
def opened(params: types.DidOpenTextDocumentParams) -> None:
    document = params.text_document
    if document.language_id == "dockerfile" or is_dockerfile(Path(to_fs_path(document.uri) or "").name):
        _read_later(document.uri, 0)


@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
def changed(params: types.DidChangeTextDocumentParams) -> None:
    if params.text_document.uri in _timers:
        _read_later(params.text_document.uri, _DELAY)


@server.feature(types.TEXT_DOCUMENT_DID_SAVE)
def saved(params: types.DidSaveTextDocumentParams) -> None:
    """Other files may have changed, too."""
    if params.text_document.uri in _timers:
        _answers.pop(params.text_document.uri, None)
        _read_later(params.text_document.uri, 0)


@server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
def closed(params: types.DidCloseTextDocumentParams) -> None:
    uri = params.text_document.uri
    if uri in _timers:
        _timers.pop(uri).cancel()
        _answers.pop(uri, None)
        _publish(uri, [], None)


@server.feature(types.TEXT_DOCUMENT_HOVER)
@server.thread()
def hover(params: types.HoverParams) -> types.Hover | None:
    outcome = _outcome(params.text_document.uri)
    return answers.hover(outcome, params.position.line) if outcome is not None else None


@server.feature(
    types.TEXT_DOCUMENT_CODE_ACTION,
    types.CodeActionOptions(
        code_action_kinds=[types.CodeActionKind.QuickFix, types.CodeActionKind.RefactorRewrite]
    ),
)
@server.thread()
def code_actions(params: types.CodeActionParams) -> list[types.CodeAction]:
    uri, only = params.text_document.uri, params.context.only
    outcome = _outcome(uri)
    if outcome is None:
        return []
    version = server.workspace.get_text_document(uri).version
    found = answers.actions(outcome, uri, version, params.context.diagnostics)
    return [a for a in found if not only or any(str(a.kind).startswith(str(kind)) for kind in only)]


def _read_later(uri: str, delay: float) -> None:
    if uri in _timers:
        _timers[uri].cancel()
    _timers[uri] = threading.Timer(delay, _read, (uri,))
    _timers[uri].daemon = True
    _timers[uri].start()


def _read(uri: str) -> None:
    outcome = _outcome(uri)
    document = server.workspace.get_text_document(uri)
    known = _answers.get(uri)
    if outcome is not None and known is not None and known.text == document.source:  # else it is read again
        _publish(uri, answers.diagnostics(outcome), document.version)


def _outcome(uri: str) -> Outcome | None:
    """The outcome for a document as it is in the editor; None if it is no Dockerfile, or not open."""
    path = to_fs_path(uri)
    if path is None or uri not in _timers:
        return None
    with _lock:
        text = server.workspace.get_text_document(uri).source
        known = _answers.get(uri)
        if known is None or known.text != text:
            data = text.encode("utf-8", "surrogateescape")
            known = _answers[uri] = _Answer(text, outcome_of(Path(path), data))
        return known.outcome


def _publish(uri: str, found: list[types.Diagnostic], version: int | None) -> None:
    server.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(uri=uri, diagnostics=found, version=version)
    )
