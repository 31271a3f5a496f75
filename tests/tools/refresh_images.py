"""Write slimify/languages/LANGUAGE/facts/tags-FAMILY.json: every tag an official language image ever had.

    python tests/tools/refresh_images.py MIRRORS     # bare clones, one folder `owner+name` each

Reads the history of docker-library/official-images (which tag was built from which commit and
directory of the image's own repository) and, where the directory does not tell the suite, the
FROM line of that Dockerfile. A tag that moves keeps its last state.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDERS = {"golang": "go"}
SOURCES = {
    "golang": "docker-library+golang",
    "node": "nodejs+docker-node",
    "python": "docker-library+python",
}
SUITES = "wheezy|jessie|stretch|buster|bullseye|bookworm|trixie|forky|duke"
SUITE = re.compile(rf"\b(?:{SUITES}|alpine\d+\.\d+)\b")
QUALIFIER = re.compile(
    rf"(?:^|-)((?:slim-)?(?:{SUITES})(?:-slim|-tip)?|slim|alpine[\d.]*|onbuild|cross|docs|wheel)$"
)


@dataclass(frozen=True)
class Build:
    """Where a tag was last built from."""

    commit: str
    folder: str
    version: str


def git(repo: Path, *args: str, stdin: str = "") -> bytes:
    return subprocess.run(
        ["git", "-C", repo, *args], input=stdin.encode(), capture_output=True, check=True
    ).stdout


def blobs(repo: Path, names: list[str]) -> Iterator[str | None]:
    """The text of each `commit:path`, None where there is no such file."""
    out = git(repo, "cat-file", "--batch", stdin="".join(f"{name}\n" for name in names))
    at = 0
    for _ in names:
        end = out.index(b"\n", at)
        head = out[at:end].split()
        if head[-1] == b"missing":
            yield None
            at = end + 1
            continue
        size = int(head[-1])
        yield out[end + 1 : end + 1 + size].decode("utf-8", "replace")
        at = end + size + 2


def entries(text: str) -> Iterator[tuple[list[str], str, str]]:
    """(tags, commit, directory) of a library file, in the format of 2014 or of today."""
    for old in re.finditer(r"^([\w.+-]+):\s+git://[^@\s]+@(\w+)[ \t]*(\S*)$", text, re.M):
        yield [old[1]], old[2], old[3]
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line for line in re.sub(r"\n\s+", " ", paragraph).split("\n") if not line.startswith("#")]
        fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        if "Tags" not in fields or "windows" in fields.get("Directory", ""):
            continue
        tags = f"{fields['Tags']}, {fields.get('SharedTags', '')}".split(",")
        commit = fields.get("GitCommit") or fields.get("amd64-GitCommit", "")
        yield [tag.strip() for tag in tags if tag.strip()], commit, fields.get("Directory", "")


def split(tag: str) -> tuple[str, str]:
    """A tag as (version, qualifier): `3.12-slim-bookworm` is (`3.12`, `slim-bookworm`)."""
    found = QUALIFIER.search(tag)
    return (tag[: found.start()], found[1]) if found else (tag, "")


def history(library: Path, family: str) -> dict[str, Build]:
    """The last build of every tag."""
    log = git(library, "log", "--format=%H", "--reverse", "--", f"library/{family}").decode()
    revisions = log.split()
    builds: dict[str, Build] = {}
    texts = blobs(library, [f"{revision}:library/{family}" for revision in revisions])
    for text in texts:
        versions: dict[tuple[str, str], str] = {}
        found = list(entries(text or ""))
        for tags, commit, folder in found:
            longest = max(
                (split(tag)[0] for tag in tags), key=lambda v: (v.count("."), v[:1].isdigit(), len(v))
            )
            known = versions.get((commit, folder), "")
            if longest.count(".") >= known.count("."):
                versions[commit, folder] = longest
        for tags, commit, folder in found:
            for tag in tags:
                builds[tag] = Build(commit, folder, versions[commit, folder])
    return builds


def suites(repo: Path, builds: dict[str, Build]) -> dict[str, str]:
    """The suite of every tag: `bookworm` or `alpine3.20`; tags without one are left out."""
    unclear = sorted({(b.commit, b.folder) for b in builds.values() if not SUITE.search(b.folder)})
    paths = [
        f"{commit}:{f'{folder}/' if folder not in ('', '.') else ''}Dockerfile" for commit, folder in unclear
    ]
    bases: dict[tuple[str, str], str] = {}
    for place, text in zip(unclear, blobs(repo, paths), strict=True):
        froms = re.findall(r"^FROM\s+(\S+)", text or "", re.M)
        found = SUITE.search(froms[-1].replace("alpine:", "alpine")) if froms else None
        if found:
            bases[place] = found[0]
    result = {}
    for tag, build in builds.items():
        found = SUITE.search(build.folder)
        suite = found[0] if found else bases.get((build.commit, build.folder))
        if suite:
            result[tag] = suite
    for tag in builds.keys() - result.keys():  # FROM python:3.5 and the like
        version, _ = split(tag)
        if version in result:
            result[tag] = result[version]
    return result


def order(version: str) -> tuple[int, ...]:
    """A key that sorts 3.9 before 3.10."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def table(builds: dict[str, Build], known: dict[str, str], date: str) -> dict[str, object]:
    """The file's content.

    `tags` are maps from qualifier (`slim-bookworm`) to suite; `versions` has for each version the
    number of its map, the newest release that had it, and for the qualifiers that stopped before
    that one, the release they stopped at.
    """
    rows: dict[str, dict[str, str]] = {}
    releases: dict[str, dict[str, str]] = {}
    for tag in sorted(known):
        version, qualifier = split(tag)
        rows.setdefault(version, {})[qualifier] = known[tag]
        releases.setdefault(version, {})[qualifier] = builds[tag].version
    maps: list[dict[str, str]] = []
    versions: dict[str, list[object]] = {}
    for version, row in sorted(rows.items()):
        if row not in maps:
            maps.append(row)
        by_qualifier = releases[version]
        newest = max(by_qualifier.values(), key=order)
        older = {q: release for q, release in by_qualifier.items() if release != newest}
        versions[version] = [maps.index(row), newest, *([older] if older else [])]
    return {
        "source": "the history of docker-library/official-images and the Dockerfiles it names",
        "refresh": "python tests/tools/refresh_images.py MIRRORS",
        "date": date,
        "tags": maps,
        "versions": versions,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mirrors", type=Path)
    parser.add_argument("--output", type=Path, default=Path(__file__).parents[2] / "slimify" / "languages")
    args = parser.parse_args()
    library = args.mirrors / "docker-library+official-images" / "repo"
    date = git(library, "log", "-1", "--format=%cs").decode().strip()
    for family, source in SOURCES.items():
        builds = history(library, family)
        content = table(builds, suites(args.mirrors / source / "repo", builds), date)
        text = json.dumps(content, separators=(",", ":"))
        text = re.sub(r'(\},|"versions":\{|"tags":\[|\],)(?=["{])', r"\1\n", text)  # one row a line
        (args.output / FOLDERS.get(family, family) / "facts" / f"tags-{family}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
