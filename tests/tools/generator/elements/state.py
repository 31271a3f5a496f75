"""Elements: what commands leave in the image."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

import io
import zipfile
from random import Random

from tools.generator.elements.common import full, look, plain, starts_command
from tools.generator.project import Project, element


@element("file-by-command", "state", weight=3)
def _written(p: Project, random: Random) -> None:
    p.line(
        random.choice(["after", "before-copy", "settings"]),
        random.choice([
            "RUN mkdir -p /etc/app.d && echo 'level=3' > /etc/app.d/level.txt",
            "RUN mkdir -p /etc/app.d; echo 'level=3' > /etc/app.d/level.txt",
            "RUN mkdir -p /etc/app.d\nRUN printf 'level=3\\n' > /etc/app.d/level.txt",
            "RUN <<EOF\nmkdir -p /etc/app.d\necho 'level=3' > /etc/app.d/level.txt\nEOF",
            "RUN mkdir -p /etc/app.d && cat > /etc/app.d/level.txt <<EOF\nlevel=3\nEOF",
        ]),
    )  # fmt: skip
    look(p, random, "/etc/app.d", "level.txt", ("read", "read-formatted", "read-split", "read-computed"))


@element("appended", "state")
def _appended(p: Project, random: Random) -> None:
    p.add("settings/base.txt", "a=1\n")
    p.line(
        "after",
        random.choice(["RUN echo b=2 >> settings/base.txt", "RUN sed -i 's/a=1/a=9/' settings/base.txt"]),
    )
    p.probe("read", "settings/base.txt")


@element("mode", "state")
def _mode(p: Project, random: Random) -> None:
    p.add("keys/key.txt", "key\n")
    mode = random.choice(["600", "640", "444", "755"])
    owner = p.facts.get("owner")
    p.line("after", f"RUN chmod {mode} keys/key.txt" + (f" && chown {owner} keys/key.txt" if owner else ""))
    p.probe("stat", "keys/key.txt")


@element("link", "state")
def _link(p: Project, random: Random) -> None:
    p.add("assets/logo.txt", "logo\n")
    p.line(
        "after",
        random.choice(
            [
                f"RUN ln -s {p.path('assets')} /srv/assets",
                f"RUN mkdir -p /srv && ln -sf {p.path('assets')} /srv/assets",
            ]
        ),
    )
    p.probe("read", "/srv/assets/logo.txt")
    p.probe("link", "/srv/assets")


@element("link-relative", "state")
def _relative_link(p: Project, random: Random) -> None:
    p.line("after", "RUN mkdir -p releases/1 && echo one > releases/1/name.txt && ln -s 1 releases/current")
    p.probe("read", "releases/current/name.txt")
    p.probe("link", "releases/current")


@element("writable", "state", weight=3)
def _writable(p: Project, random: Random) -> None:
    place = random.choice(["/var/lib/app", p.path("state"), "/data"])
    owner = p.facts.get("owner")
    if owner:
        p.line("after", random.choice([
            f"RUN mkdir -p {place} && chown -R {owner} {place}",
            f"RUN mkdir -p {place}\nRUN chown {owner} {place}",
            f"RUN install -d -o {owner.split(':')[0]} -g {owner.split(':')[1]} -m 750 {place}",
        ]))  # fmt: skip
    else:
        p.line("after", f"RUN mkdir -p {place}")
    p.probe("write", place)
    p.probe("stat", place)


@element("volume", "state")
def _volume(p: Project, random: Random) -> None:
    owner = p.facts.get("owner")
    chown = f" && chown -R {owner} /var/lib/store" if owner else ""
    p.line("after", f"RUN mkdir -p /var/lib/store && echo first > /var/lib/store/first.txt{chown}")
    p.line("volume", random.choice(["VOLUME /var/lib/store", 'VOLUME ["/var/lib/store"]']))
    p.probe("read", "/var/lib/store/first.txt")
    p.probe("stat", "/var/lib/store")


@element("list-of-files", "state", weight=2)
def _listed(p: Project, random: Random) -> None:
    """A list of files, made by a command that names none of them."""
    for name in ("may", "june"):
        p.add(f"reports/{name}.csv", f"{name}\n")
    p.line("after", random.choice([
        "RUN cd reports && ls > ../reports.txt",
        "RUN ls reports > reports.txt",
        "RUN find . -name '*.csv' > reports.txt",
        "RUN echo $(cd reports && ls) > reports.txt",
    ]))  # fmt: skip
    p.probe("read", "reports.txt")


@element("moved", "state")
def _moved(p: Project, random: Random) -> None:
    p.add("seed/rows.csv", "1,2\n")
    p.line(
        "after",
        random.choice(
            [
                "RUN mkdir -p /usr/share/rows && mv seed/rows.csv /usr/share/rows/",
                "RUN cp -r seed /usr/share/rows",
            ]
        ),
    )
    p.probe("read", "/usr/share/rows/rows.csv")


@element("made-in-loop", "state")
def _loop(p: Project, random: Random) -> None:
    p.line(
        "after",
        "RUN for name in red green; do mkdir -p /srv/queues/$name && echo $name > /srv/queues/$name/name.txt; done",
    )
    p.probe("list", "/srv/queues")
    p.probe("read", "/srv/queues/green/name.txt")


@element(
    "capability",
    "state",
    "go",
    weight=1,
    fits=lambda p: not p.alpine and "distribution-language" not in p.facts,
)
def _capability(p: Project, random: Random) -> None:
    p.line("system", "RUN apt-get update && apt-get install -y libcap2-bin")
    p.facts["capability"] = "cap_net_bind_service=+ep"


@element("own-program", "state", weight=2)
def _own_program(p: Project, random: Random) -> None:
    p.add("bin/helper", "#!/bin/sh\necho helper\n", 0o755)
    place = p.path("bin/helper")
    p.line("after", random.choice([
        f"RUN ln -s {place} /usr/local/bin/helper",
        "RUN cp bin/helper /usr/local/bin/helper && chmod 755 /usr/local/bin/helper",
        f"ENV PATH=$PATH:{p.path('bin')}",
        "RUN install -m 755 bin/helper /usr/local/bin/",
        "RUN chmod +x bin/* && mv bin/helper /usr/bin/helper",
    ]))  # fmt: skip
    p.probe("program", "helper")


@element("certificate", "state", weight=1, fits=full)
def _certificate(p: Project, random: Random) -> None:
    p.add("certs/own.crt", "own certificate\n", application=False)
    p.line("after", "COPY certs/own.crt /usr/local/share/ca-certificates/own.crt\nRUN update-ca-certificates")
    p.probe("read", "/etc/ssl/certs/ca-certificates.crt")
    p.static_only = "the certificate is none"


@element("empty-directory", "state")
def _empty(p: Project, random: Random) -> None:
    p.line(
        "after",
        random.choice(
            [
                "RUN mkdir -p logs uploads/tmp",
                "RUN mkdir -m 770 logs && mkdir -p uploads/tmp",
                "WORKDIR uploads/tmp\nWORKDIR " + p.home + "\nRUN mkdir logs",
            ]
        ),
    )
    p.probe("list", "uploads")
    p.probe("stat", "logs")


@element("removed-and-kept", "state")
def _pruned(p: Project, random: Random) -> None:
    p.add("samples/a.txt", "a\n")
    p.add("samples/secret.txt", "secret\n")
    p.line("after", random.choice(["RUN rm samples/secret.txt", "RUN find samples -name 'secret*' -delete"]))
    p.probe("list", "samples")


@element("one-chain", "state", weight=3)
def _chain(p: Project, random: Random) -> None:
    p.add("rules/in.txt", "in\n")
    owner = p.facts.get("owner")
    steps = [
        "mkdir -p /opt/cache/deep",
        "cp rules/in.txt /opt/cache/out.txt",
        "echo done > /opt/cache/deep/done.txt",
        "chmod 750 /opt/cache",
    ]
    steps += [f"chown -R {owner} /opt/cache"] if owner else []
    steps += random.choice([[], ["rm -rf /tmp/*"], ["cd rules", "pwd"]])
    p.line("after", "RUN " + random.choice([" && ", " \\\n    && ", "; "]).join(steps))
    p.probe("read", "/opt/cache/out.txt")
    p.probe("read", "/opt/cache/deep/done.txt")
    p.probe("stat", "/opt/cache")


@element("conditional", "state")
def _conditional(p: Project, random: Random) -> None:
    p.line("settings", "ARG KIND=full")
    p.line(
        "after",
        'RUN if [ "$KIND" = "full" ]; then mkdir -p /srv/extra && echo extra > /srv/extra/e.txt; else echo none; fi',
    )
    p.probe("read", "/srv/extra/e.txt")


@element("state-in-subshell", "state", weight=1)
def _subshell(p: Project, random: Random) -> None:
    p.line(
        "after",
        "RUN (mkdir -p /srv/sub && cd /srv/sub && echo sub > s.txt) && echo $(cat /srv/sub/s.txt) > /srv/copy.txt",
    )
    p.probe("read", "/srv/copy.txt")


@element("state-before-build", "state", weight=2)
def _before(p: Project, random: Random) -> None:
    p.line("before-copy", f"RUN mkdir -p {p.path('var/run')} && echo 1 > {p.path('var/run/id')}")
    p.probe("read", "var/run/id")


@element("volume-early", "state", weight=1)
def _volume_early(p: Project, random: Random) -> None:
    p.line("settings", random.choice(["VOLUME /var/lib/early", 'VOLUME ["/var/lib/early"]']))
    p.line("after", "RUN mkdir -p /var/lib/early && echo early > /var/lib/early/early.txt")
    p.probe("read", "/var/lib/early/early.txt")


@element("volume-copied", "state", weight=1)
def _volume_copied(p: Project, random: Random) -> None:
    p.add("ops/initial/rows.txt", "rows\n", application=False)
    p.line("after", "COPY ops/initial /var/lib/rows")
    p.line("volume", "VOLUME /var/lib/rows /var/lib/more")
    p.probe("read", "/var/lib/rows/rows.txt")


@element("mode-special", "state", weight=1)
def _special(p: Project, random: Random) -> None:
    p.add("bin/special", "#!/bin/sh\necho special\n", 0o755)
    p.line("after", random.choice([
        "RUN cp bin/special /usr/local/bin/special && chmod u+s /usr/local/bin/special",
        "RUN install -m 4755 bin/special /usr/local/bin/special",
        "RUN cp bin/special /usr/local/bin/ && chmod 2755 /usr/local/bin/special",
    ]))  # fmt: skip
    p.probe("stat", "/usr/local/bin/special")


@element("directory-for-all", "state", weight=1)
def _for_all(p: Project, random: Random) -> None:
    p.line(
        "after",
        random.choice(["RUN mkdir -p /opt/spool && chmod 1777 /opt/spool", "RUN mkdir -m 1777 /opt/spool"]),
    )
    p.probe("stat", "/opt/spool")


@element("hard-link", "state", weight=1)
def _hard_link(p: Project, random: Random) -> None:
    p.add("pages/one.txt", "one\n")
    p.line("after", "RUN ln pages/one.txt pages/two.txt")
    p.probe("read", "pages/two.txt")


@element("link-to-output", "state", weight=1)
def _output(p: Project, random: Random) -> None:
    p.line("after", "RUN mkdir -p /var/log/own && ln -sf /dev/stdout /var/log/own/access.log")
    p.probe("link", "/var/log/own/access.log")


@element("settings-from-example", "state", weight=2)
def _example(p: Project, random: Random) -> None:
    p.add("app.example.env", "A=1\n")
    p.line(
        "after",
        random.choice(
            [
                "RUN cp app.example.env app.env",
                "RUN mv app.example.env app.env",
                "RUN cat app.example.env > app.env",
                "RUN [ -f app.env ] || cp app.example.env app.env",
                f"COPY app.example.env {p.path('app.env')}",
            ]
        ),
    )
    p.probe("read", "app.env")


@element("line-endings-changed", "state", weight=1)
def _endings(p: Project, random: Random) -> None:
    p.add("bin/task", "#!/bin/sh\r\necho task\r\n", 0o755)
    p.line(
        "after",
        random.choice(
            [
                r"RUN sed -i 's/\r$//' bin/task",
                r"RUN sed -i 's/\r$//g' bin/*",
                r"RUN find bin -type f -exec sed -i 's/\r$//' {} \;",
            ]
        ),
    )
    starts_command(p, "./bin/task")


@element("in-home", "state", weight=2)
def _home(p: Project, random: Random) -> None:
    if "user" in p.facts:
        return
    p.line("after", random.choice([
        "RUN mkdir -p ~/.cache/models && echo model > ~/.cache/models/model.bin",
        "RUN mkdir -p $HOME/.cache/models; echo model > $HOME/.cache/models/model.bin",
    ]))  # fmt: skip
    p.probe("read-home", ".cache/models/model.bin")


@element("path-file", "state", "python", weight=1, fits=plain)
def _path_file(p: Project, random: Random) -> None:
    if "venv" in p.facts or "start-prefix" in p.facts:
        return
    p.add("shelf/shelved.py", '"""Shelved."""\n')
    p.line("after", f"RUN echo {p.path('shelf')} > /usr/local/lib/python3.11/site-packages/shelf.pth")
    p.probe("module", "shelved", bare="shelved")


@element("git-settings", "state", weight=1, fits=full)
def _git(p: Project, random: Random) -> None:
    if "user" in p.facts:
        return
    p.line("after", "RUN git config --global user.name app")
    p.probe("command-shell", 'test "$(git config --global user.name)" = app')


@element("unpacked", "state", "python node", weight=1, fits=full)
def _unpacked(p: Project, random: Random) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        row = zipfile.ZipInfo("words/en.txt")
        row.external_attr = 0o644 << 16
        archive.writestr(row, "en\n")
    p.add("ops/words.zip", stream.getvalue(), application=False)
    p.line("after", "COPY ops/words.zip /tmp/\nRUN unzip -q /tmp/words.zip -d /opt && rm /tmp/words.zip")
    p.probe("read", "/opt/words/en.txt")


@element("in-other-directory", "state")
def _other_directory(p: Project, random: Random) -> None:
    p.add("tools/rows.in", "rows\n")
    p.line("after", random.choice([
        f"WORKDIR {p.path('tools')}\nRUN cp rows.in rows.out\nWORKDIR {p.home}",
        "RUN cd tools && cp rows.in rows.out",
        "RUN cd tools && cp rows.in rows.out && cd -",
        "RUN (cd tools; cp rows.in rows.out)",
        "RUN dir=tools && cp $dir/rows.in $dir/rows.out",
    ]))  # fmt: skip
    p.probe("read", "tools/rows.out")


@element("owner-of-tree", "state", weight=3, fits=lambda p: "owner" in p.facts and "early" not in p.facts)
def _owner_of_tree(p: Project, random: Random) -> None:
    """The user gets a tree with files of the context; what root makes in it later stays root's."""
    owner = p.facts["owner"]
    p.add("shelf/one.txt", "one\n")
    p.line("after", random.choice([
        f"RUN chown -R {owner} {p.home}",
        f"RUN chown -R {owner} .",
        f"RUN mkdir -p /var/spool/own && chown -R {owner} {p.home} /var/spool/own",
        f"RUN chown -R {owner} shelf && chmod -R g-w shelf",
        f"RUN chown --recursive {owner} {p.path('shelf')}",
    ]))  # fmt: skip
    p.line("after", random.choice([
        "RUN mkdir -p shelf/more && echo two > shelf/more/two.txt",
        f"WORKDIR shelf/more\nRUN echo two > two.txt\nWORKDIR {p.home}",
        "RUN mkdir shelf/more; cp shelf/one.txt shelf/more/two.txt",
    ]))  # fmt: skip
    for name in ("shelf", "shelf/one.txt", "shelf/more", "shelf/more/two.txt"):
        p.probe("stat", p.path(name))


@element("as-other-user", "state", weight=1, fits=lambda p: p.facts.get("owner") == "app:app")
def _as_user(p: Project, random: Random) -> None:
    if not p.slots.get("account"):
        return
    p.line(
        "after",
        "RUN mkdir -p /srv/own && chown app /srv/own\nUSER app\nRUN echo own > /srv/own/own.txt\nUSER root",
    )
    p.probe("read", "/srv/own/own.txt")
    p.probe("stat", "/srv/own/own.txt")
