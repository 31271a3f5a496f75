"""Each Python package is installed in one release, as in the original image.

A COPY of site-packages onto a base with packages of its own leaves the metadata of both, and modules that
the newer release no longer has; which release the program finds is undefined.
"""

from __future__ import annotations

import posixpath
import re

from slimify.languages.python import LANGUAGE
from slimify.model.regex import regex
from slimify.verify.disk.evidence import Evidence, Side
from slimify.verify.model import Check, Constraint, Finding, disk_check

DUPLICATE = "SL536"

_METADATA = regex(r"/([^/-]+)-([^/-]+)[^/]*\.(?:dist|egg)-info\Z")


def check(evidence: Evidence) -> Check:
    """One finding per package with more releases in a directory than in the original image, and for pip and
    its companions if they were removed there. Debian's own dist-packages are ignored."""
    before, after = _releases(evidence.before), _releases(evidence.after)
    known = {place for place, _ in before}
    installers = LANGUAGE.words("toolchain.toml", "images", "installers")  # the planner can remove these
    findings = []
    for (place, name), releases in sorted(after.items()):
        was = before.get((place, name), set())
        brought = name in installers and place.endswith("/site-packages")
        removed = not was and brought and place in known
        if len(releases) <= max(len(was), 1) and not removed:
            continue
        text = f"{place} has {name} {' and '.join(sorted(releases))}"
        text += f", the original {' and '.join(sorted(was)) or 'none'}"
        need = Constraint(need="package", value=name, reason=text)
        findings.append(
            Finding(code=DUPLICATE, text=text, path=place, constraints=(need,) if brought else ())
        )
    return disk_check("releases", findings, f"{len(after)} packages, each once")


def _releases(side: Side) -> dict[tuple[str, str], set[str]]:
    """The releases of each package, by directory and normalized name (PEP 503)."""
    found: dict[tuple[str, str], set[str]] = {}
    for entry in side.files.walk():
        match = _METADATA.search(entry.path)
        place = posixpath.dirname(entry.path)
        if match and place.endswith("-packages"):
            name = re.sub(r"[-_.]+", "-", match[1]).lower()
            found.setdefault((place, name), set()).add(match[2])
    return found
