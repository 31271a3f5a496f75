"""Elements: users and groups."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

from random import Random

from tools.generator.elements.packages import install
from tools.generator.project import Project, element


def _account(p: Project, name: str, slot: str, uid: int) -> None:
    p.facts["user"] = name
    p.facts["owner"] = p.facts["copy-owner"] = f"{name}:{name}"
    p.line(slot, f"USER {name}")
    p.probe("user", "")


@element("user-named", "account", weight=3)
def _named(p: Project, random: Random) -> None:
    if p.alpine:
        p.line(
            "account",
            random.choice(["RUN adduser -D -u 4321 app", "RUN addgroup -S app && adduser -S -G app app"]),
        )
    else:
        p.line(
            "account",
            random.choice(
                [
                    "RUN useradd -m -u 4321 app",
                    "RUN groupadd -r app && useradd -r -g app app",
                    "RUN useradd --create-home app",
                ]
            ),
        )
    _account(p, "app", "user", 4321)


@element("user-number", "account", weight=1)
def _number(p: Project, random: Random) -> None:
    p.line("user", "USER 4321:4321")
    p.facts["user"] = "4321"
    p.facts["owner"] = p.facts["copy-owner"] = "4321:4321"
    p.probe("user", "")


@element("user-of-base", "account", "node", fits=lambda p: "distribution-language" not in p.facts)
def _of_base(p: Project, random: Random) -> None:
    _account(p, "node", "user", 1000)


@element("user-late", "account", "python node", weight=1, fits=lambda p: not p.alpine)
def _late(p: Project, random: Random) -> None:
    p.line("after", f"RUN useradd -u 4321 app && chown -R app:app {p.home}")
    p.line("user", "USER app")
    p.facts["user"] = "app"
    p.facts["owner"] = "app:app"
    p.probe("user", "")
    p.probe("write", p.home)


@element("user-early", "account", "python node", weight=2, fits=lambda p: not p.alpine)
def _early(p: Project, random: Random) -> None:
    p.line("account", "RUN useradd -m -u 4321 app")
    p.line("workdir", f"RUN chown app {p.home}")
    p.facts["user"] = "app"
    p.facts["owner"] = p.facts["copy-owner"] = "app:app"
    p.facts["early"] = "yes"
    p.probe("user", "")
    p.probe("home", "")


@element("user-in-passwd", "account", weight=1)
def _passwd(p: Project, random: Random) -> None:
    p.line(
        "account",
        "RUN echo 'app:x:4400:4400::/srv:/bin/sh' >> /etc/passwd && echo 'app:x:4400:' >> /etc/group",
    )
    p.line("user", "USER app")
    p.facts["user"] = "app"
    p.facts["owner"] = p.facts["copy-owner"] = "app:app"
    p.probe("user", "")


@element("user-by-argument", "account", weight=1, fits=lambda p: not p.alpine)
def _by_argument(p: Project, random: Random) -> None:
    p.line("account", "ARG USERNAME=app\nARG NUMBER=4321\nRUN useradd -m -u $NUMBER $USERNAME")
    p.facts["user"] = "app"
    p.facts["owner"] = p.facts["copy-owner"] = "app:app"
    p.line("user", "USER $USERNAME")
    p.probe("user", "")


@element("user-of-group-root", "account", weight=1)
def _group_root(p: Project, random: Random) -> None:
    p.add("notes.txt", "notes\n")
    p.line("after", f"RUN chgrp -R 0 {p.home} && chmod -R g=u {p.home}")
    p.line("user", "USER 1001")
    p.facts["user"] = "1001"
    p.facts["owner"] = p.facts["copy-owner"] = "1001:0"
    p.probe("user", "")
    p.probe("stat", "notes.txt")


@element("sudo", "account", weight=1, fits=lambda p: not p.alpine)
def _sudo(p: Project, random: Random) -> None:
    p.line(
        "account",
        "RUN apt-get update && apt-get install -y sudo && useradd -m -u 4321 app && echo 'app ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/app",
    )
    p.line(
        "user",
        "USER app\nRUN sudo mkdir -p /srv/shared && sudo chown app /srv/shared && echo made > /srv/shared/made.txt",
    )
    p.facts["user"] = "app"
    p.facts["owner"] = p.facts["copy-owner"] = "app:app"
    p.probe("user", "")
    p.probe("read", "/srv/shared/made.txt")
    p.probe("command-shell", "sudo -n true", kind="command")


@element("user-changed-at-start", "account", weight=2)
def _changed_at_start(p: Project, random: Random) -> None:
    """The image starts as root, and its entry script changes to a user."""
    tool = "su-exec" if p.alpine else "gosu"
    install(p, random, tool)
    p.line("account", "RUN adduser -D -u 4321 runner" if p.alpine else "RUN useradd -m -u 4321 runner")
    text = f'#!/bin/sh\nset -e\nmkdir -p /data/own\nchown -R runner /data/own\nexport CHECKED=yes\nexec {tool} runner "$@"\n'
    p.add("docker/run.sh", text, 0o755, application=False)
    p.line("after", "COPY docker/run.sh /usr/local/bin/run.sh")
    p.facts["user"] = "runner"
    p.facts["owner"] = p.facts["copy-owner"] = "runner:runner"
    p.facts["wrapper"] = "/usr/local/bin/run.sh"
    p.probe("user", "")


@element("user-of-package", "account", weight=1, fits=lambda p: not p.alpine)
def _of_package(p: Project, random: Random) -> None:
    """One chown gives the application and a package's directory to the user."""
    install(p, random, "nginx")
    p.line("account", "RUN useradd -m -u 4321 app")
    p.line("after", f"RUN chown -R app:app {p.home} /etc/nginx")
    p.facts["user"] = "app"
    p.facts["owner"] = "app:app"
    p.line("user", "USER app")
    p.probe("user", "")
    p.probe("stat", "/etc/nginx")
    p.probe("stat", "/etc/nginx/nginx.conf")
