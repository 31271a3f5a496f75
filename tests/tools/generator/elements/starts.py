"""Elements: how the container starts."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

import json
import posixpath
from random import Random

from tools.generator.elements.common import full, interpreter, package, plain, require, save_package
from tools.generator.elements.packages import install
from tools.generator.project import MAIN, Project, Run, element


def command(p: Project) -> list[str]:
    """What starts the program."""
    extra = [p.facts["start-arguments"]] if "start-arguments" in p.facts else []
    if "no-binary" in p.facts:
        return ["go", "run", ".", *extra]
    if p.language == "go":
        place = p.facts.get("binary", "server")
        return [place if place.startswith("/") else random_path(p, place), *extra]
    prefix = p.facts.get("start-prefix", "").split()
    return [*prefix, interpreter(p), p.facts.get("started", MAIN[p.language]), *extra]


def random_path(p: Project, place: str) -> str:
    return f"./{place}" if "/" not in place else p.path(place)


def _exec_form(words: list[str]) -> str:
    return json.dumps(words)


@element("exec", "start", weight=5)
def _exec(p: Project, random: Random) -> None:
    p.line("start", f"CMD {_exec_form(command(p))}")


@element("entrypoint", "start", weight=2)
def _entrypoint(p: Project, random: Random) -> None:
    words = command(p)
    p.facts["entrypoint"] = "program"
    if len(words) > 1:
        p.line("start", f'ENTRYPOINT ["{words[0]}"]\nCMD {_exec_form(words[1:])}')
    else:
        p.line("start", f"ENTRYPOINT {_exec_form(words)}")


@element("shell-form", "start", weight=2)
def _shell_form(p: Project, random: Random) -> None:
    p.line("start", f"CMD {' '.join(command(p))}")


@element("entry-script", "start", weight=4)
def _entry(p: Project, random: Random) -> None:
    shell = "bash" if not p.alpine and random.random() < 0.5 else "sh"
    p.add("docker/env.sh", "export APP_STAGE=live\n", application=False)
    p.add("docker/defaults.txt", "defaults\n", application=False)
    lines = [f"#!/bin/{shell}" if random.random() < 0.7 else f"#!/usr/bin/env {shell}", "set -e"]
    lines += random.choice(
        [[". /docker/env.sh"], ["if [ -f /docker/env.sh ]; then", "  . /docker/env.sh", "fi"]]
    )
    lines += random.choice([["mkdir -p /tmp/run"], ["cat /docker/defaults.txt > /tmp/defaults.txt"], []])
    lines += [random.choice(['exec "$@"', 'echo "starting $1"\nexec "$@"'])]
    p.add(
        "docker/entry.sh",
        "\n".join(lines) + "\n",
        0o755 if random.random() < 0.5 else 0o644,
        application=False,
    )
    executable = p.files["docker/entry.sh"].mode == 0o755
    p.line("after", "COPY docker /docker" + ("" if executable else "\nRUN chmod +x /docker/entry.sh"))
    p.line("start", f'ENTRYPOINT ["/docker/entry.sh"]\nCMD {_exec_form(command(p))}')
    p.probe("env", "APP_STAGE")


@element("entry-script-of-program", "start", weight=2)
def _entry_program(p: Project, random: Random) -> None:
    p.add("start.sh", f"#!/bin/sh\nset -e\nexport APP_STAGE=script\nexec {' '.join(command(p))}\n", 0o755)
    p.line(
        "start",
        random.choice(
            ['CMD ["sh", "start.sh"]', 'CMD ["./start.sh"]', 'ENTRYPOINT ["./start.sh"]', "CMD sh start.sh"]
        ),
    )
    if "ENTRYPOINT" in p.slots["start"][-1]:
        p.facts["entrypoint"] = "program"
    p.probe("env", "APP_STAGE")


@element("tini", "start", weight=1)
def _tini(p: Project, random: Random) -> None:
    install(p, random, "tini")
    place = "/sbin/tini" if p.alpine else random.choice(["tini", "/usr/bin/tini"])
    p.line("start", f'ENTRYPOINT ["{place}", "--"]\nCMD {_exec_form(command(p))}')


@element("npm-start", "start", "node", weight=3)
def _npm_start(p: Project, random: Random) -> None:
    data = package(p)
    data["scripts"] = {**data.get("scripts", {}), "start": " ".join(command(p))}  # type: ignore[dict-item]
    save_package(p, data)
    manager = p.facts.get("manager", "npm")
    p.line("start", f'CMD ["{manager}", "start"]')


@element("module-start", "start", "python", weight=1)
def _module_start(p: Project, random: Random) -> None:
    words = [w if w != MAIN["python"] else "-m app" for w in command(p)]
    p.line("start", f"CMD {_exec_form(' '.join(words).split())}")


@element("supervisor", "start", "python", weight=1, fits=lambda p: not p.alpine)
def _supervisor(p: Project, random: Random) -> None:
    install(p, random, "supervisor")
    p.static_only = "does not end"
    words = " ".join(["/usr/bin/env", *command(p)])
    p.add(
        "ops/supervisord.conf",
        f"[supervisord]\nnodaemon=true\n\n[program:app]\ncommand={words}\ndirectory={p.home}\n",
        application=False,
    )
    p.line("after", "COPY ops/supervisord.conf /etc/supervisor/app.conf")
    p.line("start", 'CMD ["supervisord", "-n", "-c", "/etc/supervisor/app.conf"]')


@element("scanner", "start", "python node", weight=1, fits=lambda p: not p.alpine)
def _scanner(p: Project, random: Random) -> None:
    """A scanner of services starts the program by a script that it finds."""
    install(p, random, "runit")
    p.static_only = "does not end"
    script = f"#!/bin/sh\ncd {p.home}\nexec {' '.join(command(p))}\n"
    p.add("ops/app/run", script, 0o755, application=False)
    place = random.choice(["/etc/service", "/srv/services"])
    p.line("after", f"COPY ops {place}")
    p.line("start", f'CMD ["runsvdir", "{place}"]')


@element("manifest-start", "start", weight=1, fits=lambda p: "mounted" not in p.facts)
def _manifest(p: Project, random: Random) -> None:
    words = command(p)
    if p.language == "go" and "no-binary" not in p.facts:
        words[0] = posixpath.normpath(p.path(words[0]))
    p.compose("app", command=words)
    p.runs = [r for r in p.runs if r.command is not None or r.entrypoint is not None]
    p.runs.insert(0, Run("manifest", words))


def with_wrapper(p: Project) -> None:
    """Puts the entry script of `tool-in-entry-script` before the start."""
    wrapper = p.facts.get("wrapper")
    if wrapper is None or not p.slots.get("start") or any("ENTRYPOINT" in line for line in p.slots["start"]):
        return
    p.line("start", f"ENTRYPOINT {json.dumps([wrapper])}")
    p.slots["start"].reverse()
    p.probe("env", "CHECKED")


@element("sh-string", "start", weight=2)
def _sh_string(p: Project, random: Random) -> None:
    words = " ".join(command(p))
    p.line("start", random.choice([
        f'CMD ["sh", "-c", "exec {words}"]',
        f'CMD ["/bin/sh", "-c", "mkdir -p /tmp/run && {words}"]',
        f"CMD exec {words}",
        f'ENTRYPOINT ["sh", "-c", "{words}"]',
    ]))  # fmt: skip
    if "ENTRYPOINT" in p.slots["start"][-1]:
        p.facts["entrypoint"] = "program"


@element("chain", "start", weight=2, fits=lambda p: all(r.name not in ("started", "once") for r in p.runs))
def _chain(p: Project, random: Random) -> None:
    """A script of the project comes before the program."""
    p.add("migrate.sh", "#!/bin/sh\nset -e\ncat schema/base.sql schema/more.sql > /tmp/all.sql\n", 0o755)
    for name in ("base", "more"):
        p.add(f"schema/{name}.sql", f"-- {name}\n")
    words = " ".join(command(p))
    p.line("start", random.choice([
        f"CMD ./migrate.sh && {words}",
        f'CMD ["sh", "-c", "./migrate.sh && exec {words}"]',
        f'CMD ["sh", "-c", "sh migrate.sh; test -f /tmp/all.sql && {words}"]',
    ]))  # fmt: skip
    p.probe("read", "/tmp/all.sql")


@element("entry-script-on-path", "start", weight=3)
def _on_path(p: Project, random: Random) -> None:
    tool = random.choice(["", "jq --version > /dev/null\n"]) if not p.alpine else ""
    if tool:
        install(p, random, "jq")
    name = random.choice(["docker-entrypoint.sh", "entrypoint"])
    p.add(
        f"docker/{name}",
        f'#!/bin/sh\nset -eu\n{tool}if [ "${{1#-}}" != "$1" ]; then\n  set -- {" ".join(command(p))} "$@"\nfi\nexport APP_STAGE=path\nexec "$@"\n',
        0o755,
        application=False,
    )
    p.line(
        "after",
        random.choice(
            [f"COPY docker/{name} /usr/local/bin/", f"COPY --chmod=755 docker/{name} /usr/local/bin/{name}"]
        ),
    )
    p.line("start", f'ENTRYPOINT ["{name}"]\nCMD {_exec_form(command(p))}')
    p.probe("env", "APP_STAGE")


@element("entry-script-with-other-endings", "start", weight=1)
def _other_endings(p: Project, random: Random) -> None:
    p.add("docker/go.sh", '#!/bin/sh\r\nexec "$@"\r\n', 0o755, application=False)
    p.line("after", "COPY docker/go.sh /go.sh\nRUN sed -i 's/\\r$//' /go.sh && chmod +x /go.sh")
    p.line("start", f'ENTRYPOINT ["/go.sh"]\nCMD {_exec_form(command(p))}')


@element("make-start", "start", weight=1, fits=lambda p: "Makefile" not in p.files)
def _make_start(p: Project, random: Random) -> None:
    if not full(p):
        install(p, random, "make")
    p.add(
        "Makefile",
        f"NAME = live\n\nrun: check\n\t@{' '.join(command(p))}\n\ncheck:\n\t@test -f etc/$(NAME).txt\n",
    )
    p.add("etc/live.txt", "live\n")
    p.line("start", random.choice(['CMD ["make", "run"]', "CMD make -s run"]))


@element("text-behind-array", "start", weight=1)
def _behind_array(p: Project, random: Random) -> None:
    """Releases of BuildKit take it for the exec form or for words of a shell."""
    p.static_only = "read in two ways"
    p.facts["refused"] = "SL412"
    behind = random.choice(["# starts it", "&& true", "--verbose"])
    keyword = random.choice(["CMD", "ENTRYPOINT"])
    p.facts["entrypoint"] = "program" if keyword == "ENTRYPOINT" else ""
    p.line("start", f"{keyword} {_exec_form(command(p))} {behind}")


@element("with-variable", "start", weight=1)
def _with_variable(p: Project, random: Random) -> None:
    p.line("start", f"CMD {_exec_form(['env', 'APP_STAGE=env', *command(p)])}")
    p.probe("env", "APP_STAGE")


@element("script-fetched", "start", weight=1, fits=lambda p: not p.alpine)
def _fetched(p: Project, random: Random) -> None:
    """A start script that nobody can read here: it needs what the user installed."""
    install(p, random, "jq curl")
    p.static_only = "a download"
    place, url = "/usr/local/bin/await.sh", "https://example.com/raw/await.sh"
    p.line("after", random.choice([
        f"ADD {url} {place}\nRUN chmod +x {place}",
        f"ADD --chmod=755 {url} {place}",
        f"RUN curl -fsSL -o {place} {url} && chmod 755 {place}",
    ]))  # fmt: skip
    words = command(p)
    p.line("start", random.choice([
        f'ENTRYPOINT ["await.sh"]\nCMD {_exec_form(words)}',
        f"CMD {_exec_form(['await.sh', *words])}",
        f"CMD {place} {' '.join(words)}",
    ]))  # fmt: skip
    p.probe("env", "APP_STAGE")


@element("init", "start", weight=1)
def _init(p: Project, random: Random) -> None:
    install(p, random, "dumb-init")
    p.line("start", f"CMD {_exec_form(['dumb-init', *command(p)])}")


@element("options-of-interpreter", "start", "python node", weight=1)
def _options(p: Project, random: Random) -> None:
    words = command(p)
    at = words.index(interpreter(p)) + 1
    options = ["-u"] if p.language == "python" else ["--max-old-space-size=256"]
    p.line("start", f"CMD {_exec_form([*words[:at], *options, *words[at:]])}")


@element("script-of-package", "start", "node", weight=2)
def _script_of_package(p: Project, random: Random) -> None:
    data = package(p)
    words = " ".join(command(p))
    data["scripts"] = {  # type: ignore[dict-item]
        **data.get("scripts", {}),
        "prelive": "sh ops/before.sh",
        "live": f"APP_STAGE=live {words}",
        "start": "npm run live",
        "develop": f"nodemon {words}",
    }
    save_package(p, data)
    p.add("ops/before.sh", "cat ops/note.txt\n")
    p.add("ops/note.txt", "note\n")
    p.line(
        "start",
        random.choice(['CMD ["npm", "run", "live"]', "CMD npm start", 'ENTRYPOINT ["npm", "run", "live"]']),
    )
    if "ENTRYPOINT" in p.slots["start"][-1]:
        p.facts["entrypoint"] = "program"
    p.probe("env", "APP_STAGE")


@element(
    "development-tool",
    "start",
    "node",
    weight=1,
    fits=lambda p: "package-lock.json" not in p.files and plain(p),
)
def _development_tool(p: Project, random: Random) -> None:
    """What starts the program is a development dependency."""
    if p.slots.get("install") or "user" in p.facts:
        return
    data = package(p)
    data["devDependencies"] = {**data.get("devDependencies", {}), "nodemon": "3.1.4"}  # type: ignore[dict-item]
    words = " ".join(command(p)[1:])
    data["scripts"] = {**data.get("scripts", {}), "dev": f"nodemon {words}"}  # type: ignore[dict-item]
    save_package(p, data)
    p.slots["install"] = ["COPY package.json ./\nRUN npm install"]
    p.static_only = "does not end"
    p.line("start", random.choice(['CMD ["npm", "run", "dev"]', f'CMD ["npx", "nodemon", "{words}"]']))


@element("server-in-front", "start", "python node", weight=1, fits=full)
def _nginx(p: Project, random: Random) -> None:
    """A web server of the distribution serves files of the project."""
    install(p, random, "nginx")
    p.static_only = "does not end"
    p.add("web/index.html", "<h1>web</h1>\n")
    place = p.path("web")
    p.add(
        "ops/site.conf",
        f"server {{\n    listen 80;\n    root {place};\n    index index.html;\n}}\n",
        application=False,
    )
    p.line("after", random.choice([
        "COPY ops/site.conf /etc/nginx/conf.d/site.conf",
        "RUN rm -f /etc/nginx/sites-enabled/default\nCOPY ops/site.conf /etc/nginx/conf.d/default.conf",
        "COPY ops/site.conf /etc/nginx/sites-available/site\nRUN ln -s /etc/nginx/sites-available/site /etc/nginx/sites-enabled/site",
    ]))  # fmt: skip
    p.add("run.sh", f"#!/bin/sh\nset -e\nnginx\nexec {' '.join(command(p))}\n", 0o755)
    p.line("start", random.choice(['CMD ["./run.sh"]', "CMD nginx && " + " ".join(command(p))]))


@element("gunicorn", "start", "python", weight=1, fits=plain)
def _gunicorn(p: Project, random: Random) -> None:
    lines = " ".join(p.slots.get("install", []))
    apart = " --user " in lines or "--target" in lines or "interpreter" in p.facts
    if "requirements.txt" not in p.files or "start-arguments" in p.facts or apart:
        return
    p.static_only = "does not end"
    require(p, "gunicorn==22.0.0")
    p.add("gunicorn.conf.py", 'bind = "0.0.0.0:8000"\n')
    p.line(
        "start",
        random.choice(
            [
                'CMD ["gunicorn", "app:main"]',
                "CMD gunicorn -c gunicorn.conf.py app:main",
                'CMD ["gunicorn", "--bind", ":8000", "app:main"]',
            ]
        ),
    )


@element("process-manager", "start", "node", weight=1, fits=plain)
def _pm2(p: Project, random: Random) -> None:
    p.static_only = "does not end"
    if "start-arguments" in p.facts or "start-prefix" in p.facts:
        return
    words = command(p)
    p.line("system", "RUN npm install -g pm2@5.4.2")
    p.add("ecosystem.config.js", f'module.exports = {{ apps: [{{ name: "app", script: "{words[1]}" }}] }};\n')
    p.line(
        "start",
        random.choice(
            ['CMD ["pm2-runtime", "ecosystem.config.js"]', f'CMD ["pm2-runtime", "start", "{words[1]}"]']
        ),
    )
