"""Findings of `check` as text, and the sentences that all formats share."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from textwrap import wrap

from slimify.lint.baseline import Entry
from slimify.lint.findings import Checked, Finding
from slimify.report.ansi import Paint
from slimify.report.printable import printable, shown
from slimify.report.text import PLAIN, failure, name_of, size


def amount(finding: Finding) -> str:
    """The saving, for example `about 977 MB of 1.14 GB (86 %)`."""
    about = "" if finding.measured else "about "
    if finding.original is None or finding.original < finding.saving:
        return f"{about}{size(finding.saving)}"
    share = round(100 * finding.saving / finding.original) if finding.original else 0
    return f"{about}{size(finding.saving)} of {size(finding.original)} ({share} %)"


def sentence(finding: Finding) -> str:
    """The saving and the main change."""
    return f"{amount(finding)} would be saved: {printable(finding.text)}"


def advice(item: Checked) -> str:
    """The command to run next."""
    return f"{shown(item.command)} shows the change, --write applies it"


def text(item: Checked, *, width: int | None = None, excerpt: bool = True, paint: Paint = PLAIN) -> str:
    """The location, the saving and the change, wrapped at `width`, and the line of the Dockerfile; "" without
    a new finding."""
    finding = item.finding
    if finding is None or finding.known:
        return ""
    place = f"{name_of(item.outcome.file)}:{finding.line}:"
    first = f"{paint(place, 'bold')} {paint(finding.code, 'yellow')} "
    rest = sentence(finding)
    lines = [first + rest]
    if width is not None:
        lines = wrap(f"{place} {finding.code} {rest}", width, subsequent_indent="  ", break_long_words=False)
        lines[0] = f"{first}{lines[0][len(f'{place} {finding.code} ') :]}".rstrip()
    if excerpt:
        source = item.outcome.before.splitlines()[finding.line - 1 : finding.line]
        lines += [f"  {paint(f'{finding.line:4} |', 'cyan')} {shown(line.strip())}" for line in source]
    return "\n".join(lines) + "\n"


def help_line(items: Sequence[Checked], paths: Sequence[str]) -> str:
    """The command to run next for all findings; "" without a new one. `paths` are those of `check`."""
    new = [item for item in items if item.finding is not None and not item.finding.known]
    if len(new) < 2:
        return "".join(f"{advice(item)}\n" for item in new)
    options = shlex.split(new[0].command)[:-1]
    return f"{shown(shlex.join((*options, *paths)))} shows the changes, --write applies them\n"


def statistics(items: Sequence[Checked], paint: Paint = PLAIN) -> str:
    """For each code the number of new findings, what they save together, and its title."""
    from slimify.codes import meaning

    new = [i.finding for i in items if i.finding is not None and not i.finding.known]
    count = Counter(finding.code for finding in new)
    saved = {code: size(sum(f.saving for f in new if f.code == code)) for code in count}
    return "".join(
        f"{number:5}  {paint(code, 'yellow')}  {saved[code]:>8}  {(meaning(code) or {})['title']}\n"
        for code, number in count.most_common()
    )


def aside(item: Checked, *, paint: Paint = PLAIN) -> str:
    """Messages beside the findings: errors, and notes why a rewrite does not count."""
    if item.outcome.error is not None:
        return failure(item.outcome.file, item.outcome.error, paint=paint)
    notes = [item.remark] if item.remark else []
    if item.finding is not None and not item.finding.known:
        notes += item.outcome.warnings
    return "".join(
        f"{name_of(item.outcome.file)}: {paint('note:', 'cyan')} {printable(note)}\n" for note in notes
    )


def summary(items: Sequence[Checked], stale: Sequence[Entry] = ()) -> str:
    """The number of files by result, and baseline entries that are outdated."""
    new = [i.finding for i in items if i.finding is not None and not i.finding.known]
    counts = {
        "known": sum(i.finding is not None and i.finding.known for i in items),
        "not proven": sum(bool(i.remark) for i in items),
        "refused": sum(i.outcome.kind == "refused" for i in items),
        "failed": sum(i.outcome.kind == "failed" for i in items),
    }
    unchanged = (i.outcome for i in items if i.outcome.kind == "unchanged")
    languages = Counter(outcome.unsupported for outcome in unchanged if outcome.unsupported)
    counts |= {f"not supported yet ({name})": number for name, number in languages.items()}
    files = f"{len(items)} Dockerfile{'s' * (len(items) != 1)}"
    if new:
        measured = all(finding.measured for finding in new)
        total = size(sum(finding.saving for finding in new))
        found = f"{len(new)} could be slimmer, by {'' if measured else 'about '}{total}"
    else:
        found = "nothing to save" if not counts["known"] else "nothing new to save"
        unread = languages.total() + counts["failed"] + counts["refused"] == len(items)
        found = "" if items and unread else found
    parts = [*([found] if found else []), *(f"{number} {what}" for what, number in counts.items() if number)]
    lines = [f"{files}: {', '.join(parts)}"]
    if counts["refused"]:
        lines.append("  slimify explain shows why a file is refused")
    lines += [f"  baseline: {shown(entry.file)} {entry.code} is no longer found" for entry in stale]
    if stale:
        lines.append(f"  --update-baseline removes {'this entry' if len(stale) == 1 else 'these entries'}")
    return "\n".join(lines) + "\n"
