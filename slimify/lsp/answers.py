"""What the language server answers, made from an outcome: diagnostics, explanations, edits."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

from lsprotocol.types import (
    CodeAction,
    CodeActionKind,
    CodeDescription,
    CreateFile,
    CreateFileOptions,
    Diagnostic,
    DiagnosticSeverity,
    Hover,
    MarkupContent,
    MarkupKind,
    OptionalVersionedTextDocumentIdentifier,
    Position,
    Range,
    TextDocumentEdit,
    TextEdit,
    WorkspaceEdit,
)

from slimify.codes import page
from slimify.lint.findings import checked
from slimify.model.decisions import CommandVerdict, InstructionVerdict, Reason
from slimify.model.outcome import Outcome
from slimify.model.regex import regex
from slimify.report.diff import lines_of
from slimify.report.findings.text import amount, sentence
from slimify.report.printable import shown

_SOURCE = "slimify"
_BACKQUOTES, _MARKUP = regex("`+"), regex(r"[\\*_\[\]<>#|!]")


# --- diagnostics ----------------------------------------------------------------------------------


def diagnostics(outcome: Outcome) -> list[Diagnostic]:
    """An error, or what could be smaller and the advice that has a line."""
    lines = lines_of(outcome.before)
    error = outcome.error
    if error is not None:
        hint = f"\n{error.hint}" if error.hint else ""
        return [
            _diagnostic(error.code, shown(error.message) + hint, DiagnosticSeverity.Error, error.line, lines)
        ]
    finding = checked(outcome, None, "").finding
    found = []
    if finding is not None:
        told = sentence(finding)
        found.append(_diagnostic(finding.code, told, DiagnosticSeverity.Information, finding.line, lines))
    advice = (d for d in outcome.decisions if d.safety == "advice" and d.line is not None)
    for decision in advice:
        told = shown(decision.text)
        found.append(_diagnostic(decision.code, told, DiagnosticSeverity.Hint, decision.line, lines))
    return found


def _diagnostic(
    code: str, message: str, severity: DiagnosticSeverity, line: int | None, lines: Sequence[str]
) -> Diagnostic:
    row = min((line or 1) - 1, max(len(lines) - 1, 0))
    text = lines[row].rstrip("\r\n") if lines else ""
    place = Range(start=Position(line=row, character=0), end=Position(line=row, character=_units(text)))
    about = CodeDescription(href=page(code))
    return Diagnostic(
        range=place, message=message, severity=severity, code=code, code_description=about, source=_SOURCE
    )


# --- hover ----------------------------------------------------------------------------------------


def hover(outcome: Outcome, line: int) -> Hover | None:
    """The role of the instruction at a line (from 0), of its commands and packages, and the reasons."""
    verdict = next(
        (v for v in outcome.instructions if v.instruction.line <= line + 1 <= v.instruction.end_line), None
    )
    if verdict is None:
        return None
    first, last = verdict.instruction.line - 1, verdict.instruction.end_line
    place = Range(start=Position(line=first, character=0), end=Position(line=last, character=0))
    content = MarkupContent(kind=MarkupKind.Markdown, value="\n".join(_explained(verdict)))
    return Hover(contents=content, range=place)


def _explained(verdict: InstructionVerdict) -> Iterator[str]:
    yield f"**{verdict.instruction.keyword}**: {verdict.role}"
    yield from _reasons(verdict.reasons, "")
    for command in verdict.commands:
        yield from _explained_command(command)


def _explained_command(command: CommandVerdict) -> Iterator[str]:
    yield f"- {_code(command.text)}: {command.role}"
    yield from _reasons(command.reasons, "  ")
    for package in command.packages:
        counterpart = f" → {_code(' '.join(package.counterparts))}" if package.counterparts else ""
        yield f"  - {_code(package.name)}{counterpart}: {package.role}"
        yield from _reasons(package.reasons, "    ")


def _reasons(reasons: Sequence[Reason], indent: str) -> Iterator[str]:
    for reason in reasons:
        yield f"{indent}- {_plain(shown(reason.text))} ([{reason.code}]({page(reason.code)}))"


def _code(text: str) -> str:
    """Text of the Dockerfile as code of Markdown, whatever it contains."""
    text = shown(" ".join(text.split()))
    longest = max(map(len, _BACKQUOTES.findall(text)), default=0)
    fence, space = "`" * (longest + 1), " " * bool(longest)
    return f"{fence}{space}{text}{space}{fence}"


def _plain(text: str) -> str:
    """A sentence whose only Markdown is code between backquotes."""
    parts = text.split("`")
    return "`".join(part if n % 2 else _MARKUP.sub(r"\\\g<0>", part) for n, part in enumerate(parts))


# --- code actions ---------------------------------------------------------------------------------


def actions(
    outcome: Outcome, uri: str, version: int | None, concerned: Sequence[Diagnostic]
) -> list[CodeAction]:
    """The rewrite as an edit, and with the ignore file if there is one. `concerned` are the diagnostics that
    the editor asks about."""
    if outcome.after is None or outcome.after == outcome.before:
        return []
    finding = checked(outcome, None, "").finding
    saves = f", saves {amount(finding)}" if finding is not None and finding.saving > 0 else ""
    own = [d for d in concerned if d.source == _SOURCE and finding is not None and d.code == finding.code]
    edit = _document_edit(uri, version, _edits(outcome.before, outcome.after))
    found = [_action(f"slimify: rewrite{saves}", [edit], own)]
    if outcome.ignore is not None:
        name = Path(outcome.ignore.path).name
        more = _ignore_file_edits(Path(outcome.ignore.path), outcome.ignore.before, outcome.ignore.after)
        found.append(_action(f"slimify: rewrite and write {name}{saves}", [*more, edit], own))
    return found


def _action(
    title: str, edits: Sequence[TextDocumentEdit | CreateFile], own: Sequence[Diagnostic]
) -> CodeAction:
    kind = CodeActionKind.QuickFix if own else CodeActionKind.RefactorRewrite
    return CodeAction(
        title=title, kind=kind, diagnostics=[*own] or None, edit=WorkspaceEdit(document_changes=[*edits])
    )


def _ignore_file_edits(path: Path, before: str | None, after: str) -> list[TextDocumentEdit | CreateFile]:
    uri = path.resolve().as_uri()
    create = [] if before is not None else [CreateFile(uri=uri, options=CreateFileOptions(overwrite=False))]
    return [*create, _document_edit(uri, None, _edits(before or "", after))]


def _document_edit(uri: str, version: int | None, edits: list[TextEdit]) -> TextDocumentEdit:
    document = OptionalVersionedTextDocumentIdentifier(uri=uri, version=version)
    return TextDocumentEdit(text_document=document, edits=[*edits])


def _edits(before: str, after: str) -> list[TextEdit]:
    """The edits of whole lines that make `after` of `before`."""
    old, new = lines_of(before), lines_of(after)
    found = difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes()
    return [
        TextEdit(range=Range(start=_start(old, i1), end=_start(old, i2)), new_text="".join(new[j1:j2]))
        for tag, i1, i2, j1, j2 in found
        if tag != "equal"
    ]


def _start(lines: Sequence[str], number: int) -> Position:
    """The start of a line; of the one after the last, the end of the text."""
    if number == len(lines) and lines and not lines[-1].endswith("\n"):
        return Position(line=number - 1, character=_units(lines[-1]))
    return Position(line=number, character=0)


def _units(text: str) -> int:
    """Its length in UTF-16, by which editors count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
