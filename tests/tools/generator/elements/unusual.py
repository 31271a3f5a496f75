"""Elements: what is rarer in Dockerfiles, and easily forgotten."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

import json
from random import Random

from tools.generator.elements.contents import look
from tools.generator.elements.installs import package, plain, save_package
from tools.generator.elements.tools import install
from tools.generator.project import Project, Run, element
from tools.generator.simulation.probes import Probe, Program
from tools.generator.sources import filled, main_source


def full(p: Project) -> bool:
    return not (p.slim or p.alpine) and plain(p)


# --- settings and accounts


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


# --- files


@element("ignored-with-exception", "around", weight=2)
def _exception(p: Project, random: Random) -> None:
    p.add("media/keep.txt", "keep\n")
    p.add("media/raw.psd", "raw\n")
    p.ignore += ["media/*", "!media/keep.txt"]
    p.probe("list", "media")


@element("data-in-package", "read", "python")
def _package_data(p: Project, random: Random) -> None:
    p.add("wares/__init__.py", '"""Wares."""\n')
    p.add("wares/prices.csv", "1,2\n")
    label = f"package-data-{len(p.parts)}"
    body = random.choice([
        'import wares\nreturn (Path(wares.__file__).parent / "prices.csv").read_text()',
        'from importlib import resources\nreturn resources.files("wares").joinpath("prices.csv").read_text()',
        'import pkgutil\nreturn pkgutil.get_data("wares", "prices.csv").decode()',
    ])  # fmt: skip
    p.parts.append((label, body))
    p.main.probes.append(Probe(label, "read", "wares/prices.csv", beside=True))


@element("json-required", "read", "node")
def _json(p: Project, random: Random) -> None:
    p.add("config/limits.json", '{"limit":"3"}')
    label = f"json-{len(p.parts)}"
    if random.random() < 0.5:
        p.parts.append((label, 'return JSON.stringify(require("./config/limits.json"));'))
    else:
        p.parts.append((label, 'const name = "limits";\nreturn JSON.stringify(require(`./config/${name}`));'))
    p.main.probes.append(Probe(label, "read", "config/limits.json", beside=True))
    p.facts["beside"] = "yes"


@element("served-directory", "read", "python node")
def _served(p: Project, random: Random) -> None:
    p.add("public/index.html", "<h1>home</h1>\n")
    p.add("public/app.css", "h1 {}\n")
    label = f"served-{len(p.parts)}"
    if p.language == "node":
        body = 'const root = path.join(__dirname, "public");\nconst wanted = decodeURIComponent("/app%2Ecss");\nreturn fs.readFileSync(path.join(root, wanted), "utf8");'
        p.facts["beside"] = "yes"
    else:
        body = 'root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "public")\nwanted = [n for n in sorted(os.listdir(root)) if n.endswith(".css")]\nreturn Path(root, wanted[0]).read_text()'
    p.parts.append((label, body))
    p.main.probes.append(Probe(label, "read", "public/app.css", beside=True))


@element("templates-by-glob", "read", "go")
def _templates(p: Project, random: Random) -> None:
    p.add("templates/home.html", "home\n")
    p.add("templates/base.html", "base\n")
    label = f"template-{len(p.parts)}"
    body = 'found, err := template.ParseGlob("templates/*.html")\nif err != nil {\n\treturn "", err\n}\nvar out strings.Builder\nerr = found.ExecuteTemplate(&out, "home.html", nil)\nreturn out.String(), err'
    p.parts.append((label, body))
    p.main.probes.append(Probe(label, "read", "templates/home.html"))


@element("internal-package", "read", "go")
def _internal(p: Project, random: Random) -> None:
    p.add(
        "internal/store/store.go",
        'package store\n\nimport "os"\n\nfunc Rows() (string, error) {\n\tfound, err := os.ReadFile("data/rows.csv")\n\treturn string(found), err\n}\n',
    )
    p.add("data/rows.csv", "1,2\n")
    label = f"internal-{len(p.parts)}"
    p.parts.append((label, "return store.Rows()"))
    p.imports.append("_example.com/app/internal/store")
    p.main.probes.append(Probe(label, "read", "data/rows.csv"))


# --- what commands leave


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


@element("health-script", "around", weight=2)
def _health_script(p: Project, random: Random) -> None:
    p.add("docker/health.sh", "#!/bin/sh\ntest -f /etc/health.conf\n", 0o755, application=False)
    p.line("after", "COPY docker/health.sh /usr/local/bin/health\nRUN echo ok > /etc/health.conf")
    p.line(
        "expose",
        random.choice(['HEALTHCHECK CMD ["health"]', "HEALTHCHECK --interval=5s CMD /usr/local/bin/health"]),
    )
    p.runs.append(Run("healthcheck", ["health"], entrypoint=[], reports=False))


# --- packages


@element("development-package-needed", "install", "node", weight=2)
def _needed(p: Project, random: Random) -> None:
    data = package(p)
    data["dependencies"] = {"ms": "2.1.3"}
    data["devDependencies"] = {"semver": "7.6.3"}
    save_package(p, data)
    p.line(
        "install",
        random.choice(
            ["COPY package.json .\nRUN npm install", "COPY package*.json ./\nRUN npm install --no-audit"]
        ),
    )
    p.probe("module", "semver")
    p.probe("module", "ms")


@element("development-tool-started", "install", "node", weight=2)
def _tool(p: Project, random: Random) -> None:
    data = package(p)
    data["devDependencies"] = {"semver": "7.6.3", "prettier": "3.3.3"}
    data["scripts"] = {**data.get("scripts", {}), "version-check": "semver 1.0.0"}  # type: ignore[dict-item]
    save_package(p, data)
    p.line("install", "COPY package.json .\nRUN npm install")
    label = f"npm-script-{len(p.parts)}"
    p.parts.append((label, 'child_process.execSync("npm run version-check");\nreturn "yes";'))
    p.main.probes.append(Probe(label, "path", "node_modules/.bin/semver"))


@element("post-install", "install", "node", weight=2)
def _post(p: Project, random: Random) -> None:
    data = package(p)
    data["scripts"] = {**data.get("scripts", {}), "postinstall": "node tools/prepare.js"}  # type: ignore[dict-item]
    save_package(p, data)
    text = 'const fs = require("fs");\nfs.mkdirSync("prepared", { recursive: true });\nfs.writeFileSync("prepared/ready.txt", "ready\\n");\n'
    p.script("tools/prepare.js", Program("prepare", "node", writes={"prepared/ready.txt": "ready\n"}), text)
    p.line("install", "COPY package.json ./\nCOPY tools ./tools\nRUN npm install")
    p.probe("read", "prepared/ready.txt")


@element("console-script", "install", "python", weight=2, fits=plain)
def _console(p: Project, random: Random) -> None:
    p.add(
        "pyproject.toml",
        '[build-system]\nrequires = ["setuptools>=61"]\nbuild-backend = "setuptools.build_meta"\n\n[project]\nname = "gadget"\nversion = "1.0"\ndependencies = ["six==1.16.0"]\n\n[project.scripts]\ngadget = "gadget.cli:main"\n\n[tool.setuptools]\npackages = ["gadget"]\n',
    )
    p.add("gadget/__init__.py", '"""A gadget."""\n')
    body = filled("python", "module", {"what": "six", "bare": "six"})
    text = main_source("python", [("six", body)], title="gadget")
    p.script("gadget/cli.py", Program("gadget", "python", [Probe("six", "module", "six")]), text)
    p.line(
        "build",
        random.choice(["RUN pip install .", "RUN pip install --no-cache-dir .", "RUN pip install -e ."]),
    )
    p.runs.append(Run("console", ["gadget"], entrypoint=[]))
    p.service = p.service or "service"
    p.outer.setdefault(
        "docker-compose.yml",
        f"services:\n  app:\n    build: ./{p.service}\n  gadget:\n    build: ./{p.service}\n    entrypoint: [gadget]\n",
    )
    if "gadget" not in p.outer["docker-compose.yml"]:
        p.runs.pop()


@element("development-requirement-needed", "install", "python", weight=2, fits=plain)
def _dev_needed(p: Project, random: Random) -> None:
    p.add("requirements.txt", "six==1.16.0\n")
    p.add("requirements-dev.txt", "-r requirements.txt\niniconfig==2.0.0\npyflakes==3.2.0\n")
    p.line("install", "COPY requirements*.txt ./\nRUN pip install -r requirements-dev.txt")
    p.probe(random.choice(["module", "module-named"]), "iniconfig", bare="iniconfig")
    p.probe("module", "six", bare="six")


@element("two-requirement-files", "install", "python", fits=plain)
def _two(p: Project, random: Random) -> None:
    p.add("requirements/base.txt", "six==1.16.0\n")
    p.add("requirements/prod.txt", "-r base.txt\nidna==3.7\n")
    p.line(
        "install",
        random.choice(
            [
                "COPY requirements requirements\nRUN pip install -r requirements/prod.txt",
                "COPY requirements/ /tmp/requirements/\nRUN pip install -r /tmp/requirements/prod.txt && rm -rf /tmp/requirements",
            ]
        ),
    )
    p.probe("module", "idna", bare="idna")


@element(
    "installed-elsewhere",
    "install",
    "python",
    weight=1,
    fits=lambda p: plain(p) and "shared/common_things.py" not in p.files,
)
def _elsewhere(p: Project, random: Random) -> None:
    p.add("requirements.txt", "six==1.16.0\n")
    p.line(
        "install",
        "COPY requirements.txt .\nRUN pip install --target=/opt/libs -r requirements.txt\nENV PYTHONPATH=/opt/libs",
    )
    p.probe("module", "six", bare="six")


@element("library-named-by-env", "program", "python", weight=2, fits=full)
def _library(p: Project, random: Random) -> None:
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


def with_wrapper(p: Project) -> None:
    """Puts the entry script of `tool-in-entry-script` before the start."""
    wrapper = p.facts.get("wrapper")
    if wrapper is None or not p.slots.get("start") or any("ENTRYPOINT" in line for line in p.slots["start"]):
        return
    p.line("start", f"ENTRYPOINT {json.dumps([wrapper])}")
    p.slots["start"].reverse()
    p.probe("env", "CHECKED")


@element("env-file-sourced", "build", weight=1)
def _sourced(p: Project, random: Random) -> None:
    p.add("scripts/env.sh", "TARGET=made\nexport TARGET\n")
    p.add("scripts/lib.sh", 'put() {\n  mkdir -p "$TARGET"\n  echo "$1" > "$TARGET/$1.txt"\n}\n')
    p.add(
        "scripts/make.sh",
        '#!/bin/sh\nset -e\ndir=$(dirname "$0")\n. "$dir/env.sh"\n. "$dir/lib.sh"\nput one\nput two\n',
        0o755,
    )
    p.line("build", random.choice(["RUN sh scripts/make.sh", "RUN ./scripts/make.sh"]))
    p.probe("list", "made")


@element("built-elsewhere", "build", weight=2)
def _built_elsewhere(p: Project, random: Random) -> None:
    p.add("handbook/a.txt", "# a\n")
    p.line(
        "build",
        random.choice(
            [
                "RUN mkdir -p /usr/share/pages && cp handbook/*.txt /usr/share/pages/",
                "RUN mkdir -p /usr/share/pages && for f in handbook/*.txt; do cp $f /usr/share/pages/; done",
                "RUN cp -a handbook /usr/share/pages",
            ]
        ),
    )
    look(p, random, "/usr/share/pages", "a.txt", ("read", "read-split"))
