"""Elements: system packages, and the programs and libraries that are started and loaded at run time."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

import json
from random import Random

from tools.generator.elements.common import full, plain, starts_command
from tools.generator.project import Project, element
from tools.generator.simulation.probes import Probe, Program


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
                    f"RUN apk --no-cache add {names}",
                    f"RUN apk --update add {names} && rm -rf /var/cache/apk/*",
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
        f"RUN apt update && apt install -y {names}",
        f"RUN apt-get -y update && apt-get -y install {names}",
        f"RUN DEBIAN_FRONTEND=noninteractive apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -yq {names}",
        f"RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \\\n    apt-get update && apt-get install -y {names}",
        f"RUN apt-get update && \\\n    apt-get install -y --no-install-recommends {names};",
        f"RUN apt-get update && for name in {names}; do apt-get install -y $name; done",
        f"RUN apt-get update && apt-get install -y {names} && apt-get autoremove -y && apt-get clean && rm -rf /var/lib/apt/lists/* /tmp/* /var/tmp/*",
        'RUN ["apt-get", "update"]\nRUN ["apt-get", "install", "-y", ' + ", ".join(f'"{n}"' for n in names.split()) + "]",
        f"RUN apt-get update \\\n    && apt-get install -y \\\n    # tools\n    {names} \\\n    && rm -rf /var/lib/apt/lists/*",
    ]))  # fmt: skip


def has_compiler(p: Project) -> bool:
    return full(p) and "no-compiler" not in p.facts


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
    fits=full,
)
def _of_base(p: Project, random: Random) -> None:
    tool = random.choice(["git", "curl", "wget"])
    form = random.choice(["program", "program-shell"])
    p.probe(form, f"sh {tool}" if form == "program-shell" else tool, what=tool)


@element("data-of-base", "program", "python node", fits=full)
def _data_of_base(p: Project, random: Random) -> None:
    p.probe("exists", "/etc/mime.types")


@element("certificates-of-base", "program", "python go", weight=2, fits=plain)
def _certificates_of_base(p: Project, random: Random) -> None:
    """The program may connect over TLS."""
    p.probe("certificates", "example.com")


@element("library-of-compiler", "program", "python", fits=lambda p: plain(p) and not p.alpine)
def _of_compiler(p: Project, random: Random) -> None:
    """A library that comes along with the compilers, which themselves run time does not need."""
    install(p, random, random.choice(["build-essential", "gcc libc6-dev"]))
    p.probe("library", "libgomp.so.1")


@element(
    "tool-of-base-named-by-env",
    "program",
    fits=full,
)
def _of_base_named(p: Project, random: Random) -> None:
    p.line("settings", "ENV VCS=git")
    p.probe("program-named", "VCS:git", variable="VCS", default="git")


@element(
    "library-of-base",
    "program",
    "python",
    fits=full,
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
    p.facts["no-compiler"] = "yes"
    p.line("build", "RUN apt-get purge -y --auto-remove gcc libc6-dev && rm -rf /var/lib/apt/lists/*")


@element("package-without-yes", "system", fits=lambda p: not p.alpine)
def _without_yes(p: Project, random: Random) -> None:
    p.line("system", "RUN apt-get update && apt-get install tree")
    p.probe("program", "tree")


@element(
    "package-asks-on-slim",
    "system",
    fits=full,
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


@element("library-named-by-env", "program", "python", weight=2, fits=full)
def _library_named(p: Project, random: Random) -> None:
    install(p, random, "libpq5")
    p.line("settings", "ENV PQ_LIBRARY=libpq.so.5")
    label = f"library-named-{len(p.parts)}"
    p.parts.append((label, 'ctypes.CDLL(os.environ["PQ_LIBRARY"])\nreturn "yes"'))
    p.main.probes.append(Probe(label, "library", "libpq.so.5"))


@element("tool-in-entry-script", "program", weight=2, fits=full)
def _in_script(p: Project, random: Random) -> None:
    tool = random.choice(["git", "curl", "unzip"]) if p.language != "go" else random.choice(["git", "curl"])
    option = "-v" if tool == "unzip" else "--version"
    p.add("docker/lib.sh", f"check() {{\n  {tool} {option} > /dev/null\n}}\n", application=False)
    p.add(
        "docker/start.sh",
        '#!/bin/sh\nset -e\n. /opt/docker/lib.sh\ncheck\nexport CHECKED=yes\nexec "$@"\n',
        0o755,
        application=False,
    )
    p.line("after", "COPY docker/lib.sh docker/start.sh /opt/docker/")
    p.facts["wrapper"] = "/opt/docker/start.sh"


# --- what the program starts indirectly


def _tool(p: Project, random: Random) -> str:
    """A tool that the user installs by name."""
    tool = random.choice(["jq", "rsync"])
    install(p, random, tool)
    return tool


@element("tool-named-in-settings", "program")
def _in_settings(p: Project, random: Random) -> None:
    tool = _tool(p, random)
    p.add("config/tool.json", json.dumps({"name": tool}) + "\n")
    p.probe("program-configured", "config/tool.json", config="config/tool.json")


@element("tool-in-started-script", "program", weight=3)
def _in_script(p: Project, random: Random) -> None:
    tool = random.choice(["git", "curl"]) if full(p) and random.random() < 0.5 else _tool(p, random)
    name = random.choice(["scripts/job.sh", "scripts/job"])
    text = random.choice([
        f"#!/bin/sh\nset -e\n{tool} --version\ncat data/job.txt\n",
        f'#!/bin/sh\ncheck() {{\n  "$1" --version > /dev/null\n}}\ncheck {tool} && cat "$(dirname "$0")/../data/job.txt"\n',
        "#!/bin/sh\nset -e\n. scripts/common.sh\n$TOOL --version\ncat data/job.txt\n",
    ])  # fmt: skip
    p.add("scripts/common.sh", f"TOOL={tool}\n")
    p.add("data/job.txt", "job\n")
    p.add(name, text, 0o755)
    if random.random() < 0.5:
        starts_command(p, "sh", name)
    else:
        starts_command(p, f"./{name}")


@element("make-started", "program", weight=1, fits=lambda p: "Makefile" not in p.files)
def _make_started(p: Project, random: Random) -> None:
    install(p, random, "make")
    p.add("Makefile", ".PHONY: report\nreport: data/report.txt\n\t@cat $<\n")
    p.add("data/report.txt", "report\n")
    starts_command(p, "make", "-s", "report")


@element("interpreter-of-script", "program", "go node", weight=1, fits=full)
def _interpreter(p: Project, random: Random) -> None:
    p.add("data/figures.txt", "1 2\n")
    text = '#!/usr/bin/env python3\nprint(open("data/figures.txt").read())\n'
    p.add("bin/figures", text, 0o755)
    p.programs[text.encode()] = Program("figures", "python", reads=["data/figures.txt"])
    starts_command(p, "bin/figures")


@element("library-compiled", "program", "python", fits=has_compiler)
def _library_compiled(p: Project, random: Random) -> None:
    p.add("shared/own.c", "int answer(void) { return 42; }\n")
    p.line("build", random.choice([
        "RUN gcc -shared -fPIC -o /usr/local/lib/libown.so shared/own.c && ldconfig",
        "RUN cd shared && gcc -shared -fPIC -o libown.so own.c && cp libown.so /usr/local/lib/ && ldconfig",
        "RUN gcc -shared -fPIC -o shared/libown.so shared/own.c && install -m 644 shared/libown.so /usr/local/lib/ && ldconfig",
    ]))  # fmt: skip
    p.probe("library", "libown.so")


@element("program-compiled", "program", fits=has_compiler)
def _program_compiled(p: Project, random: Random) -> None:
    p.add("native/tool.c", "int main(void) { return 0; }\n")
    p.line("build", random.choice([
        "RUN gcc -o /usr/local/bin/owntool native/tool.c",
        "RUN cc -O2 native/tool.c -o /usr/local/bin/owntool && rm -rf native",
        "RUN cd native && gcc -o owntool tool.c && mv owntool /usr/local/bin/",
    ]))  # fmt: skip
    p.probe("program", "owntool")


@element("tool-downloaded", "program", weight=1, fits=full)
def _downloaded(p: Project, random: Random) -> None:
    p.static_only = "a download"
    p.line("system", random.choice([
        "RUN curl -fsSL -o /usr/local/bin/fetched https://example.com/fetched && chmod +x /usr/local/bin/fetched",
        "ADD https://example.com/fetched /usr/local/bin/fetched\nRUN chmod +x /usr/local/bin/fetched",
        "RUN wget -q -O /usr/local/bin/fetched https://example.com/fetched && chmod 755 /usr/local/bin/fetched",
    ]))  # fmt: skip
    p.probe("program", "fetched")


# --- other ways to install


@element("packages-from-file", "system", fits=lambda p: not p.alpine)
def _from_file(p: Project, random: Random) -> None:
    p.add("ops/packages.txt", "tree\njq\n", application=False)
    p.line("system", "COPY ops/packages.txt /tmp/")
    p.line("system", random.choice([
        "RUN apt-get update && xargs -a /tmp/packages.txt apt-get install -y",
        "RUN apt-get update && apt-get install -y $(cat /tmp/packages.txt) && rm /tmp/packages.txt",
        "RUN apt-get update && for name in $(cat /tmp/packages.txt); do apt-get install -y $name; done",
    ]))  # fmt: skip
    p.probe("program", "tree")


@element("packages-by-script", "system", fits=lambda p: not p.alpine)
def _by_script(p: Project, random: Random) -> None:
    p.add("ops/setup.sh", random.choice([
        "#!/bin/sh\nset -e\napt-get update\napt-get install -y tree\nrm -rf /var/lib/apt/lists/*\n",
        '#!/bin/sh\nset -e\nadd() {\n  apt-get update\n  apt-get install -y --no-install-recommends "$@"\n}\nadd tree\n',
    ]), 0o755, application=False)  # fmt: skip
    p.line("system", random.choice([
        "COPY ops/setup.sh /tmp/setup.sh\nRUN sh /tmp/setup.sh",
        "COPY ops/setup.sh /usr/local/bin/setup\nRUN setup && rm /usr/local/bin/setup",
        "COPY ops/setup.sh /tmp/\nRUN /tmp/setup.sh && rm -f /tmp/setup.sh",
    ]))  # fmt: skip
    p.probe("program", "tree")


@element("system-upgraded", "system", weight=2)
def _upgraded(p: Project, random: Random) -> None:
    if p.alpine:
        p.line("system", random.choice(["RUN apk update && apk upgrade", "RUN apk upgrade --no-cache"]))
        return
    p.line(
        "system",
        random.choice(
            [
                "RUN apt-get update && apt-get upgrade -y && apt-get install -y tree",
                "RUN apt-get update && apt-get dist-upgrade -y && apt-get clean",
                "RUN apt update -y && apt upgrade -y\nRUN apt-get update && apt-get install -y tree",
                "RUN apt-get update && apt-get -y upgrade && rm -rf /var/lib/apt/lists/*\nRUN apt-get update && apt-get install -y --no-install-recommends tree",
            ]
        ),
    )
