"""Reports of `verify`: text for the terminal, Markdown for pull requests, JSON fields."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from slimify.model.counts import counted
from slimify.report.ansi import Paint
from slimify.report.fields import fields
from slimify.report.text import PLAIN, WIDTH, change, hanging, name_of, size
from slimify.verify.model import Check, Constraint, Finding, Proof, Round, Sizes, Times

_MAX_FINDINGS, _MAX_ACCEPTED = 8, 320  # findings shown for a check; characters about accepted ones
_COLOUR = {"equal": "green", "different": "red", "not built": "yellow"}
_GRADES = {"breaks": "red", "may-matter": "yellow"}
LAYERS = {"build": "Build", "contract": "Runtime contract", "disk": "Files", "behaviour": "Behaviour"}


def text(proof: Proof, *, width: int = WIDTH, paint: Paint = PLAIN) -> str:
    """The verdict, the checks, the limits of the proof, and sizes and times."""
    lines = [
        f"{name_of(proof.file)}: {paint(proof.verdict, _COLOUR[proof.verdict])}{gain(proof)}{_rest(proof)}"
    ]
    if proof.problem:
        lines += hanging("  ", "  ", proof.problem, width)
    for number, turn in enumerate(proof.rounds if len(proof.rounds) > 1 else (), 1):
        lines += hanging(f"  round {number}: ", "           ", round_text(turn), width)
    for layer, title in LAYERS.items():
        checks = [check for check in proof.checks if check.layer == layer]
        if checks:
            lines.append(f"  {paint(title, 'bold')}")
            lines += _layer(checks, width, paint)
    for sentence in proof.scope:
        lines += hanging(paint("  not proven: ", "yellow"), "  not proven: ", sentence, width)
    if proof.saves_too_little:
        lines += hanging(paint("  note: ", "cyan"), "  note: ", saving_note(proof), width)
    lines += [line for row in _measured(proof) for line in hanging("  ", "    ", row, width)]
    if proof.constraints:
        lines += ["  settings for the next rewrite, in slimify.toml:", *setting_lines(proof.constraints)]
    if proof.log and proof.verdict != "equal":
        lines += ["", proof.log.rstrip()]
    return "\n".join(lines) + "\n"


def _layer(checks: list[Check], width: int, paint: Paint) -> list[str]:
    """The lines of a group of checks: differences in full; cosmetic and accepted ones and notes in one line
    each; the rest by name."""
    lines = []
    for check in checks:
        found = [f for f in check.findings if not f.accepted and f.grade in _GRADES]
        for finding in found[:_MAX_FINDINGS]:
            first = f"    {paint(finding.code, 'bold')} {paint(grade(finding), _GRADES[finding.grade])} "
            lines += hanging(first, " " * 18, finding.text, width)
        if len(found) > _MAX_FINDINGS:
            lines.append(f"{' ' * 18}… and {len(found) - _MAX_FINDINGS} more of {check.name}")
    for check in checks:
        accepted = [finding.text for finding in check.findings if finding.accepted]
        cosmetic = [f.text for f in check.findings if f.grade == "cosmetic" and not f.accepted]
        if accepted:
            detail = "; ".join(accepted) if len(accepted) < len(check.findings) else check.detail
            lines += _shortened("accepted", check, detail, width, paint)
        if cosmetic:
            lines += _shortened("cosmetic", check, "; ".join(cosmetic), width, paint)
        if check.note:
            lines += _line("note", "cyan", f"{check.name}: {check.detail}", width, paint)
    plain = [check for check in checks if check.ok and not check.note and not check.findings]
    if plain and plain[0].layer == "behaviour":
        for check in plain:
            lines += _line(
                "same", "green", f"{check.name}: {textwrap.shorten(check.detail, 160)}", width, paint
            )
    elif plain:
        lines += _line("same", "green", ", ".join(check.name for check in plain), width, paint)
    return lines


def grade(finding: Finding) -> str:
    return finding.grade.replace("-", " ")


def _shortened(word: str, check: Check, detail: str, width: int, paint: Paint) -> list[str]:
    shown = textwrap.shorten(detail, _MAX_ACCEPTED, placeholder=" …")
    return _line(word, "cyan", f"{check.name}: {shown}", width, paint)


def _line(word: str, colour: str, text: str, width: int, paint: Paint) -> list[str]:
    return hanging(f"    {paint(word, colour)}{' ' * (9 - len(word))}", " " * 13, text, width)


def round_text(turn: Round) -> str:
    found = sum(finding.breaks for finding in turn.findings)
    text = f"{turn.rung}, {turn.verdict}" + (f", {found} found" if found else "")
    needs = ", ".join(need(item) for item in turn.constraints)
    return f"{text}; needs {needs}" if needs else text


def need(constraint: Constraint) -> str:
    if not constraint.persistent:
        return f"another base: {constraint.reason}"
    if constraint.need == "base":
        return f"a base no smaller than {constraint.value}" if constraint.value else "a larger base"
    return f"{constraint.need} {constraint.value}"


def gain(proof: Proof) -> str:
    if proof.before is None or proof.after is None or not proof.before.disk:
        return ""
    before, after = proof.before.disk, proof.after.disk
    return f", {size(before)} → {size(after)} ({change(before, after) or '+0 %'})"


def _rest(proof: Proof) -> str:
    """How many differences of two equal images may matter."""
    found = [f for check in proof.checks for f in check.findings if f.grade == "may-matter"]
    count = sum(not finding.accepted for finding in found)
    if proof.verdict != "equal" or not count:
        return ""
    return f"; {counted(count, 'difference')} may matter"


def _measured(proof: Proof) -> Iterable[str]:
    for name, old, new in rows(proof):
        yield f"{name}: {old} → {new}"


def saving_note(proof: Proof) -> str:
    """A sentence if the measured saving is below --min-saving; else ""."""
    if not proof.saves_too_little or proof.before is None or proof.after is None:
        return ""
    saved = proof.before.disk - proof.after.disk
    found = f"the measured saving is only {size(saved)}" if saved > 0 else "the image is not smaller"
    return f"{found}; --min-saving requires {size(proof.min_saving)}"


def rows(proof: Proof) -> list[tuple[str, str, str]]:
    """The measurements: name, value of the original, value of the rewritten image."""
    found = []
    if proof.before is not None and proof.after is not None:
        old, new = proof.before, proof.after
        found.append(("size on disk", size(old.disk), size(new.disk)))
        if old.compressed and new.compressed:
            found.append(("compressed", size(old.compressed), size(new.compressed)))
        for name in ("files", "packages", "executables"):
            found.append((name, str(getattr(old, name)), str(getattr(new, name))))
    one, other = proof.times.get("original", Times()), proof.times.get("rewritten", Times())
    for name, title in (
        ("cold", "build without cache"),
        ("changed", "rebuild after a one-line change"),
        ("start", "start"),
    ):
        before, after = getattr(one, name), getattr(other, name)
        if before is not None and after is not None:
            found.append((title, f"{before:.1f} s", f"{after:.1f} s"))
    if one.rebuilt is not None and other.rebuilt is not None:
        found.append(("RUN steps after a one-line change", str(one.rebuilt), str(other.rebuilt)))
    return found


def settings(constraints: Iterable[Constraint]) -> dict[str, str | list[str]]:
    """The constraints as settings for slimify.toml."""
    names = {"package": "keep-packages", "path": "keep-paths", "command": "keep-commands"}
    lists: dict[str, list[str]] = {}
    single: dict[str, str] = {}
    for item in constraints:
        if item.need == "glibc":
            single["min-glibc"] = item.value
        elif item.need == "base" and item.value:
            single["base"] = item.value
        elif item.need in names and item.value not in lists.setdefault(names[item.need], []):
            lists[names[item.need]].append(item.value)
    return {**lists, **single}


def setting_lines(constraints: tuple[Constraint, ...]) -> list[str]:
    import json

    return [f"    {name} = {json.dumps(value)}" for name, value in settings(constraints).items()]


def markdown(proof: Proof) -> str:
    """The report in Markdown for a pull request, with the checks collapsed."""
    from slimify.render import render_page

    found = [f for check in proof.checks for f in check.findings if not f.accepted and f.grade in _GRADES]
    layers = [
        (title, [check for check in proof.checks if check.layer == layer]) for layer, title in LAYERS.items()
    ]
    shown = render_page(
        "report/proof.md.j2",
        proof=proof,
        cell=cell,
        settings=[line.strip() for line in setting_lines(proof.constraints)],
        small=saving_note(proof),
        gain=gain(proof).removeprefix(", "),
        rows=rows(proof),
        found=[(grade(finding), finding) for finding in found],
        layers=[(title, checks) for title, checks in layers if checks],
    )
    return shown.rstrip() + "\n"


def cell(content: str, limit: int = 300) -> str:
    """`content` escaped for a table cell or list item in Markdown, without line breaks."""
    shown = textwrap.shorten(content, limit, placeholder=" …")
    for sign in "\\`*_|<>[]":
        shown = shown.replace(sign, "\\" + sign)
    return shown


def to_dict(proof: Proof) -> dict[str, Any]:
    """The fields that `verify` adds to the JSON object of a Dockerfile."""
    return {
        "verdict": proof.verdict,
        "worst": proof.worst,
        "checks": [_check_dict(check) for check in proof.checks],
        "sizes": {
            "original": proof.before.disk if proof.before else None,
            "rewritten": proof.after.disk if proof.after else None,
        },
        "too_small": proof.saves_too_little,
        "measured": {
            "original": _measures(proof.before, proof.times),
            "rewritten": _measures(proof.after, proof.times, "rewritten"),
        },
        "scope": list(proof.scope),
        "rounds": [_round_dict(turn) for turn in proof.rounds],
        "settings": settings(proof.constraints),
        "engine": proof.engine,
        "problem": proof.problem,
        "log": proof.log if proof.verdict != "equal" else "",
    }


def _check_dict(check: Check) -> dict[str, Any]:
    findings = [_finding(finding) for finding in check.findings]
    return fields(check, "name layer ok detail", findings=findings, note=check.note)


def _finding(finding: Finding) -> dict[str, Any]:
    needs = [need(item) for item in finding.constraints]
    told = fields(finding, "code text grade path", package=finding.owner)
    return {**told, "accepted": finding.accepted, "needs": needs}


def _round_dict(turn: Round) -> dict[str, Any]:
    findings, needs = map(_finding, turn.findings), map(need, turn.constraints)
    return fields(turn, "rung verdict", findings=[*findings], needs=[*needs])


def _measures(
    sizes: Sizes | None, times: Mapping[str, Times], label: str = "original"
) -> dict[str, Any] | None:
    if sizes is None:
        return None
    seconds = times.get(label, Times())
    return {
        **fields(sizes, "disk compressed files packages executables"),
        "layers": [{"instruction": name, "size": number} for name, number in sizes.layers],
        "seconds": fields(seconds, "cold changed start"),
        "rebuilt": seconds.rebuilt,
    }
