"""Findings of `check` as annotations, which are workflow commands of GitHub Actions.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands: messages escape %, CR
and LF as %25, %0D and %0A; properties also escape : and , as %3A and %2C.
"""

from __future__ import annotations

from slimify.lint.findings import Checked
from slimify.model.errors import SlimifyError
from slimify.report.findings.text import advice, amount
from slimify.report.printable import printable, shown


def annotation(item: Checked) -> str:
    """The annotation of one file in one line; "" without a finding."""
    error, finding = item.outcome.error, item.finding
    if error is not None:
        return _failure(item, error)
    if finding is None or finding.known:
        return ""
    properties = _place(item, finding.line, finding.end_line)
    properties["title"] = f"slimify {finding.code}: {amount(finding)} would be saved"
    return _command("warning", f"{shown(finding.text)}\n{advice(item)}", properties)


def _failure(item: Checked, error: SlimifyError) -> str:
    properties = _place(item, error.line, error.line)
    properties["title"] = f"slimify {error.code}"
    hint = f"\nhint: {shown(error.hint)}" if error.hint else ""
    return _command("error", shown(error.message) + hint, properties)


def _place(item: Checked, line: int | None, end_line: int | None) -> dict[str, str]:
    found = {} if item.place is None else {"file": item.place}
    return found if line is None else found | {"line": str(line), "endLine": str(end_line)}


def _command(name: str, message: str, properties: dict[str, str]) -> str:
    values = ",".join(f"{key}={_escaped(value, property=True)}" for key, value in properties.items())
    return f"::{name} {values}::{_escaped(message)}\n"


def _escaped(text: str, *, property: bool = False) -> str:
    """`text` for a command: unprintable characters are escaped, and the older syntax is broken up."""
    text = "".join(char if char in "\r\n" else printable(char) for char in text).replace("##[", "#\\#[")
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if property else text
