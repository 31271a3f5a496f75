"""Elements: system packages, and the programs and libraries that are started and loaded at run time."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

from random import Random

from tools.generator.project import Project, Run, element


def install(p: Project, random: Random, names: str) -> None:
    """Installs system packages in one of the usual ways."""
    if p.alpine:
        p.line(
            "system",
            random.choice(
                [
                    f"RUN apk add --no-cache {names}",
                    f"RUN apk update && apk add {names}",
                    f"RUN apk add --update --no-cache {names}",
                ]
            ),
        )
        return
    p.line("system", random.choice([
        f"RUN apt-get update && apt-get install -y {names}",
        f"RUN apt-get update && apt-get install -y --no-install-recommends {names} && rm -rf /var/lib/apt/lists/*",
        f"RUN apt-get update; apt-get install -y {names}",
        f"RUN apt-get update -qq && apt-get install -qq -y {names} && apt-get clean",
        f"RUN apt-get update\nRUN apt-get install -y {names}",
        f"RUN <<EOF\napt-get update\napt-get install -y {names}\nEOF",
        f"RUN set -eux; \\\n    apt-get update; \\\n    apt-get install -y --no-install-recommends \\\n        {names} \\\n    ; \\\n    rm -rf /var/lib/apt/lists/*",
        f"RUN apt-get update \\\n    && apt-get install -y \\\n    # tools\n    {names} \\\n    && rm -rf /var/lib/apt/lists/*",
    ]))  # fmt: skip


@element("package-used", "program", weight=3)
def _used(p: Project, random: Random) -> None:
    tool = random.choice(["jq", "tree", "rsync"])
    install(p, random, tool)
    form = random.choice(["program", "program-shell"])
    p.probe(form, f"sh {tool}" if form == "program-shell" else tool, what=tool)


@element("package-named-by-env", "program")
def _named(p: Project, random: Random) -> None:
    install(p, random, "rsync jq")
    if random.random() < 0.5:
        p.line("settings", "ENV APP_TOOL=jq")
    p.probe("program-named", "APP_TOOL:rsync", variable="APP_TOOL", default="rsync")


@element(
    "tool-of-base",
    "program",
    weight=3,
    fits=lambda p: not (p.slim or p.alpine or "distribution-language" in p.facts),
)
def _of_base(p: Project, random: Random) -> None:
    tool = random.choice(["git", "curl", "wget"])
    form = random.choice(["program", "program-shell"])
    p.probe(form, f"sh {tool}" if form == "program-shell" else tool, what=tool)


@element(
    "tool-of-base-named-by-env",
    "program",
    fits=lambda p: not (p.slim or p.alpine or "distribution-language" in p.facts),
)
def _of_base_named(p: Project, random: Random) -> None:
    p.line("settings", "ENV VCS=git")
    p.probe("program-named", "VCS:git", variable="VCS", default="git")


@element(
    "library-of-base",
    "program",
    "python",
    fits=lambda p: not (p.slim or p.alpine or "distribution-language" in p.facts),
)
def _library(p: Project, random: Random) -> None:
    p.probe("library", random.choice(["libmagic.so.1", "libpq.so.5", "libxslt.so.1"]))


@element("library-installed", "program", "python", fits=lambda p: not p.alpine)
def _library_installed(p: Project, random: Random) -> None:
    install(
        p,
        random,
        random.choice(
            ["libpq5 libxslt1.1", "libpq-dev libxslt1-dev", "build-essential libpq-dev libxslt-dev"]
        ),
    )
    p.probe("library", random.choice(["libpq.so.5", "libxslt.so.1"]))


@element("package-unused", "system")
def _unused(p: Project, random: Random) -> None:
    install(
        p,
        random,
        random.choice(["tree", "jq make", "rsync"])
        if p.alpine
        else random.choice(["tree", "jq unzip", "rsync file"]),
    )


@element("build-packages", "system", "python node")
def _build(p: Project, random: Random) -> None:
    install(p, random, "build-base" if p.alpine else "build-essential")


@element("package-group", "system", "python node go", fits=lambda p: p.alpine)
def _group(p: Project, random: Random) -> None:
    p.line("system", "RUN apk add --no-cache --virtual .build-deps gcc musl-dev make")
    p.line("build", "RUN apk del .build-deps")
    p.facts["no-make"] = "yes"


@element("build-packages-removed", "system", "python node", fits=lambda p: not p.alpine)
def _removed(p: Project, random: Random) -> None:
    p.line("system", "RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev")
    p.line("build", "RUN apt-get purge -y --auto-remove gcc libc6-dev && rm -rf /var/lib/apt/lists/*")


@element("package-without-yes", "system", fits=lambda p: not p.alpine)
def _without_yes(p: Project, random: Random) -> None:
    p.line("system", "RUN apt-get update && apt-get install tree")
    p.probe("program", "tree")


@element(
    "package-asks-on-slim",
    "system",
    fits=lambda p: not (p.slim or p.alpine or "distribution-language" in p.facts),
)
def _asks(p: Project, random: Random) -> None:
    # its dependencies are in the full image, so that apt does not ask there
    p.line("system", "RUN apt-get update && apt-get install git")
    p.probe("program", "git")


@element("packages-late", "system", weight=1)
def _late(p: Project, random: Random) -> None:
    install(p, random, "jq")
    p.probe("program", "jq")
    if "distribution-language" not in p.facts:
        p.facts["system-late"] = "yes"


@element(
    "docker-exec",
    "around",
    weight=1,
    fits=lambda p: not (p.slim or p.alpine or "distribution-language" in p.facts),
)
def _exec(p: Project, random: Random) -> None:
    p.add(
        "Makefile" if "Makefile" not in p.files else "ops.mk",
        "check:\n\tdocker build -t app .\n\tdocker run --rm --entrypoint git app --version\n",
        application=False,
    )
    p.runs.append(Run("by-hand", ["--version"], entrypoint=["git"], reports=False))
