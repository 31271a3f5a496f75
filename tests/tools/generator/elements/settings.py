"""Elements: variables, arguments, shells, labels."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

from random import Random

from tools.generator.elements.common import full, plain
from tools.generator.project import Project, element


@element("env", "setting", weight=3)
def _env(p: Project, random: Random) -> None:
    p.line(
        "settings",
        random.choice(
            ["ENV APP_MODE=production", "ENV APP_MODE production", 'ENV APP_MODE="production" OTHER=1']
        ),
    )
    p.probe("env", "APP_MODE")


@element("argument-to-env", "setting")
def _arg_env(p: Project, random: Random) -> None:
    p.line("settings", "ARG RELEASE=1.2.3\nENV RELEASE=$RELEASE")
    p.probe("env", "RELEASE")


@element("argument-to-file", "setting")
def _arg_file(p: Project, random: Random) -> None:
    p.line("settings", "ARG COMMIT=none")
    p.line("after", random.choice(['RUN echo "$COMMIT" > commit.txt', "RUN echo ${COMMIT} > ./commit.txt"]))
    p.probe("read", "commit.txt")


@element("cwd", "setting", weight=1)
def _cwd(p: Project, random: Random) -> None:
    p.probe("cwd", "")


@element("env-of-env", "setting")
def _env_env(p: Project, random: Random) -> None:
    p.line("settings", "ENV DATA_ROOT=/var/data\nENV DATA_FILE=$DATA_ROOT/list.txt")
    p.line("after", "RUN mkdir -p $DATA_ROOT && echo first > $DATA_FILE")
    p.probe("read-named", "DATA_FILE:/nowhere", variable="DATA_FILE", default="/nowhere")


@element("shell", "setting", weight=1, fits=lambda p: not p.alpine)
def _shell(p: Project, random: Random) -> None:
    p.line("settings", 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]')


@element("shell-errexit", "setting", weight=1, fits=lambda p: not p.alpine)
def _shell_errexit(p: Project, random: Random) -> None:
    p.line("settings", 'SHELL ["/bin/bash", "-euxo", "pipefail", "-c"]')


@element("labels", "setting", weight=1)
def _labels(p: Project, random: Random) -> None:
    p.line("settings", 'LABEL org.opencontainers.image.title="app" maintainer="a@example.com"')
    p.line("expose", "EXPOSE 8080\nSTOPSIGNAL SIGINT")


@element("path-extended", "setting", "python node", weight=1)
def _path(p: Project, random: Random) -> None:
    p.line("settings", "ENV PATH=/opt/tools/bin:$PATH")
    p.line(
        "after",
        "RUN mkdir -p /opt/tools/bin && printf '#!/bin/sh\\necho tool\\n' > /opt/tools/bin/mytool && chmod +x /opt/tools/bin/mytool",
    )
    p.probe("program", "mytool")


@element("python-path", "setting", "python", weight=1)
def _python_path(p: Project, random: Random) -> None:
    p.add("shared/common_things.py", '"""Shared."""\n')
    p.line(
        "settings",
        f"ENV PYTHONPATH={p.home}/shared"
        if random.random() < 0.5
        else "ENV PYTHONPATH=shared PYTHONUNBUFFERED=1",
    )
    p.probe("module", "common_things", bare="common_things")


@element("argument-without-value", "setting", weight=1)
def _argument(p: Project, random: Random) -> None:
    p.line("settings", "ARG MIRROR\nARG CHANNEL=stable")
    p.line("after", "RUN echo ${MIRROR:-none} $CHANNEL > channel.txt")
    p.probe("read", "channel.txt")


@element("home-set", "setting", weight=1, fits=plain)
def _home(p: Project, random: Random) -> None:
    p.line("settings", "ENV HOME=/var/home")
    p.line("after", "RUN mkdir -p ~/cfg && echo mine > $HOME/cfg/own.txt")
    p.probe("read", "/var/home/cfg/own.txt")


@element("timezone", "setting", weight=1, fits=full)
def _timezone(p: Project, random: Random) -> None:
    p.line("settings", "ENV TZ=Europe/Paris")
    p.line("settings", "RUN ln -snf /usr/share/zoneinfo/$TZ /etc/localtime && echo $TZ > /etc/timezone")
    p.probe("exists", "/etc/localtime")
    p.probe("read", "/etc/timezone")


@element("settings-of-language", "setting")
def _of_language(p: Project, random: Random) -> None:
    p.line("settings", {
        "python": "ENV PYTHONDONTWRITEBYTECODE=1 \\\n    PYTHONUNBUFFERED=1 \\\n    PIP_DISABLE_PIP_VERSION_CHECK=1",
        "node": "ENV NPM_CONFIG_LOGLEVEL=warn\nENV FORCE_COLOR 0",
        "go": "ENV GO111MODULE=on GOFLAGS=-buildvcs=false",
    }[p.language])  # fmt: skip


@element("argument-in-copy", "setting")
def _in_copy(p: Project, random: Random) -> None:
    p.add("ops/extra.txt", "extra\n", application=False)
    p.line("settings", random.choice(["ARG SOURCE=ops/extra.txt", "ENV SOURCE=ops/extra.txt"]))
    p.line("settings", "ENV TARGET=/opt/extra")
    p.line("after", "COPY ${SOURCE} $TARGET/")
    p.probe("read", "/opt/extra/extra.txt")


@element("argument-given", "setting", weight=1)
def _given(p: Project, random: Random) -> None:
    p.arguments["FLAVOUR"] = "sweet"
    p.line("settings", "ARG FLAVOUR=plain")
    p.line(
        "after",
        'RUN if [ "$FLAVOUR" != plain ]; then mkdir -p /opt/flavours && echo $FLAVOUR > /opt/flavours/own.txt; fi',
    )
    p.compose("app", build={"context": "./service", "args": {"FLAVOUR": "sweet"}})
    p.probe("read", "/opt/flavours/own.txt")


@element("port-by-variable", "setting", weight=1)
def _port(p: Project, random: Random) -> None:
    p.line("settings", "ARG PORT=8080\nENV PORT=$PORT")
    p.line("expose", 'EXPOSE ${PORT}\nLABEL port="$PORT"')
    p.probe("env", "PORT")


@element("syntax-line", "setting", weight=1)
def _syntax(p: Project, random: Random) -> None:
    p.slots.setdefault("top", []).insert(0, "# syntax=docker/dockerfile:1")
