"""Elements: files that have several stages already, and who builds which of them."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

from random import Random

from tools.generator.elements.bases import FULL, use_base
from tools.generator.elements.common import full, package, plain, save_package
from tools.generator.project import Project, Run, element
from tools.generator.simulation.bases import OWN_DIRECTORIES


@element("base-of-two-stages", "base", weight=3)
def _two(p: Project, random: Random) -> None:
    """The last stage starts from the full image again, and takes the working directory from the first one, or
    from one that only names it."""
    p.facts["copied-stage"] = random.choice(["build", "build", "output"])
    p.sealed = {"setting", "system", "account", "install", "program", "state", "stage"}
    use_base(p, random.choice(FULL[p.language]))
    if p.language == "python":
        p.add("requirements.txt", "six==1.16.0\ntabulate==0.9.0\n")
        p.line("install", "COPY requirements.txt .\nRUN pip install -r requirements.txt")
        p.probe("module", "six", bare="six")
    if p.language == "node":
        save_package(
            p, {**package(p), "dependencies": {"ms": "2.1.3"}, "devDependencies": {"prettier": "3.3.3"}}
        )
        p.line("install", "COPY package.json ./\nRUN npm install")
        p.probe("module", "ms")


@element("stage-of-tests", "stage", weight=3)
def _tests(p: Project, random: Random) -> None:
    """A stage that nobody builds stands between the first and the last one."""
    p.slots["from"][-1] += " AS base"
    p.line("after", random.choice([
        "FROM base AS test\nRUN echo tested > /tested.txt\n\nFROM base AS production",
        "FROM base AS test\nCMD [\"sh\", \"-c\", \"echo tested\"]\n\nFROM base",
    ]))  # fmt: skip


@element("stage-chosen", "stage", weight=2)
def _chosen(p: Project, random: Random) -> None:
    """A build argument says which stage the last one starts from."""
    p.slots.setdefault("top", []).append("ARG KIND_OF_STAGE=live")
    p.slots["from"][-1] += " AS base"
    p.line(
        "after",
        "FROM base AS live\nRUN echo live > /stage.txt\n\nFROM base AS trial\nRUN echo trial > /stage.txt\n\nFROM ${KIND_OF_STAGE} AS final",
    )
    p.probe("read", "/stage.txt")


@element("compose-target", "around", weight=3, fits=full)
def _target(p: Project, random: Random) -> None:
    """A service of Compose builds an earlier stage, and runs a command in it."""
    if not p.slots["from"][-1].endswith(" AS base"):
        return
    words = random.choice([["git", "--version"], ["curl", "--version"]])
    p.compose("tools", Run("target", words, entrypoint=[], reports=False, target="base"), entrypoint=words)
    p.services["tools"]["build"] = {"context": "./service", "target": "base"}


@element("stage-of-dependencies", "install", "python node", weight=3, fits=plain)
def _dependencies(p: Project, random: Random) -> None:
    """A stage of its own installs the packages; the last one copies them onto the full image."""
    base = p.base
    if "copied-stage" in p.facts or p.static_only:
        return
    if p.language == "python":
        p.add("requirements.txt", "six==1.16.0\ntabulate==0.9.0\n")
        site = "/usr/local/lib/python3.11/site-packages"
        stage = f"FROM {base} AS packages\nWORKDIR /wheels\nCOPY requirements.txt .\nRUN pip install -r requirements.txt"
        copied = random.choice(
            [
                f"COPY --from=packages {site} {site}\nCOPY --from=packages /usr/local/bin /usr/local/bin",
                "COPY --from=packages /usr/local /usr/local",
            ]
        )
        p.probe("module", "six", bare="six")
    else:
        p.add(
            "package.json",
            '{"name": "app", "version": "1.0.0", "dependencies": {"ms": "2.1.3"}, "devDependencies": {"prettier": "3.3.3"}}\n',
        )
        stage = f"FROM {base} AS packages\nWORKDIR /packages\nCOPY package.json .\nRUN npm install"
        copied = random.choice(
            [
                f"COPY --from=packages /packages/node_modules {p.path('node_modules')}",
                "COPY --from=packages /packages/node_modules ./node_modules",
            ]
        )
        p.probe("module", "ms")
    p.slots.setdefault("stage", []).append(stage)
    p.line("after" if random.random() < 0.5 else "before-copy", copied)


@element("file-of-a-stage", "state", weight=3, fits=plain)
def _file(p: Project, random: Random) -> None:
    """A file of another stage is copied to the name of a directory, which a step makes or the base image has."""
    p.slots.setdefault("stage", []).append(
        f"FROM {p.base} AS rows\nRUN mkdir -p /out && echo one > /out/rows.txt"
    )
    place = random.choice(["/rows", "/data/rows", "/opt", "/srv"])
    made = "" if place in OWN_DIRECTORIES else f"RUN mkdir -p {place}\n"
    p.line("after", f"{made}COPY --from=rows /out/rows.txt {place}{random.choice(['', '', '/'])}")
    p.probe("read", f"{place}/rows.txt")
