"""Elements: files that the program reads, and how they come into the image."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

import io
import tarfile
from random import Random

from tools.generator.elements.common import look, package, plain, require, save_package
from tools.generator.project import File, Project, element
from tools.generator.simulation.probes import Probe


def own_module(p: Project) -> bool:
    return "go.mod" in p.files and "module" not in p.facts and "vendor/modules.txt" not in p.files


@element("file", "read", weight=3)
def _file(p: Project, random: Random) -> None:
    directory = random.choice(["data", "config", "templates", "i18n"])
    p.add(f"{directory}/main.txt", "main\n")
    p.add(f"{directory}/unread.txt", "unread\n")
    look(p, random, directory, "main.txt")


@element("file-on-top", "read")
def _top(p: Project, random: Random) -> None:
    p.add("settings.ini", "[app]\n")
    p.probe("read", "settings.ini")


@element("file-named-by-env", "read")
def _named(p: Project, random: Random) -> None:
    p.add("conf/live.json", "{}\n")
    p.add("conf/default.json", "[]\n")
    if random.random() < 0.5:
        p.line("settings", f"ENV APP_CONFIG={p.path('conf/live.json')}")
    p.probe("read-named", "APP_CONFIG:conf/default.json", variable="APP_CONFIG", default="conf/default.json")


@element("file-elsewhere", "read")
def _elsewhere(p: Project, random: Random) -> None:
    p.add("ops/app.conf", "level = 1\n", application=False)
    place = random.choice(["/etc/app/app.conf", "/etc/app/"])
    p.line(random.choice(["after", "before-copy"]), f"COPY ops/app.conf {place}")
    look(p, random, "/etc/app", "app.conf")


@element("directory-elsewhere", "read")
def _directory(p: Project, random: Random) -> None:
    for name in ("a.sql", "b.sql"):
        p.add(f"ops/migrations/{name}", f"-- {name}\n", application=False)
    p.line(random.choice(["after", "before-copy"]), "COPY ops/migrations /usr/share/app/migrations")
    p.probe("list", "/usr/share/app/migrations")
    look(p, random, "/usr/share/app/migrations", "a.sql")


@element("heredoc", "read")
def _heredoc(p: Project, random: Random) -> None:
    p.line("after", "COPY <<EOF /etc/app.ini\n[app]\nlevel = 2\nEOF")
    look(p, random, "/etc", "app.ini", ("read", "read-formatted"))


@element("archive", "read")
def _archive(p: Project, random: Random) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name in ("pages/index.html", "pages/about.html"):
            row = tarfile.TarInfo(name)
            row.size = len(name)
            archive.addfile(row, io.BytesIO(name.encode()))
    p.add("pages.tar.gz", stream.getvalue(), application=False)
    if random.random() < 0.5:
        p.line("after", "ADD pages.tar.gz /opt/site/")
    else:
        p.line(
            "after",
            "COPY pages.tar.gz /tmp/\nRUN mkdir -p /opt/site && tar -xzf /tmp/pages.tar.gz -C /opt/site && rm /tmp/pages.tar.gz",
        )
    look(p, random, "/opt/site/pages", "index.html", ("read", "read-split", "read-formatted"))


@element("listed", "read")
def _listed(p: Project, random: Random) -> None:
    for name in ("one.txt", "two.txt"):
        p.add(f"plugins/{name}", name)
    p.probe("glob" if p.language == "python" and random.random() < 0.5 else "list", "plugins")


@element("served", "read", "go")
def _served(p: Project, random: Random) -> None:
    p.add("public/page.html", "<h1>page</h1>\n")
    p.add("public/style.css", "h1 {}\n")
    p.probe("served", "public/page.html", directory="public", name="page.html")


@element("template-embedded", "read", "go")
def _embedded(p: Project, random: Random) -> None:
    p.add(f"{p.facts.get('main-directory', '')}pages/first.html", "first\n")
    p.head = "\n//go:embed pages/first.html\nvar embedded embed.FS\n"
    p.probe("embedded", "pages/first.html")


@element("module-of-project", "read", "python node")
def _module(p: Project, random: Random) -> None:
    if p.language == "python":
        p.add("helpers.py", '"""Helpers."""\n')
        p.main.imports.append("helpers.py")
        p.imports.append("helpers")
    else:
        p.add("lib/helpers.js", "exports.help = () => 1;\n")
        p.main.imports.append("lib/helpers.js")
        p.imports.append("lib/helpers.js")


@element("link-in-context", "read", weight=1)
def _context_link(p: Project, random: Random) -> None:
    p.add("themes/plain/theme.txt", "plain\n")
    p.files["themes/current"] = File(b"", 0o777, "plain")
    look(p, random, "themes/current", "theme.txt", ("read", "read-split"))


@element(
    "zone",
    "read",
    "go python",
    weight=1,
    fits=lambda p: not p.alpine and not p.slim and "distribution-language" not in p.facts,
)
def _zone(p: Project, random: Random) -> None:
    p.probe("zone", "Europe/Paris")


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
def _served_directory(p: Project, random: Random) -> None:
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


@element("internal-package", "read", "go", fits=own_module)
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


# --- names that sources compute


@element("walked", "read")
def _walked(p: Project, random: Random) -> None:
    for name in ("a.txt", "deep/b.txt", "deep/down/c.txt"):
        p.add(f"content/{name}", name)
    p.probe("walk", "content")


@element("named-in-settings", "read")
def _in_settings(p: Project, random: Random) -> None:
    p.add("config/app.json", '{"name": "stock/list.txt"}\n')
    p.add("stock/list.txt", "list\n")
    p.add("stock/other.txt", "other\n")
    p.probe("read-configured", "config/app.json", config="config/app.json")


@element("first-that-exists", "read")
def _first(p: Project, random: Random) -> None:
    p.add("etc/own.conf", "own\n")
    other = "/etc/own/own.conf"
    p.probe("read-first", f"{other} etc/own.conf", other=other, what="etc/own.conf")


@element("option-with-default", "read")
def _option(p: Project, random: Random) -> None:
    p.add("conf/app.toml", "a = 1\n")
    p.probe("read-option", "conf/app.toml")


@element("named-by-the-start", "read")
def _by_start(p: Project, random: Random) -> None:
    p.add("profiles/live.toml", "live = 1\n")
    p.add("profiles/test.toml", "live = 0\n")
    p.facts["start-arguments"] = random.choice(["profiles/live.toml", p.path("profiles/live.toml")])
    p.probe("read-argument", "profiles/live.toml")


@element("plugin-by-name", "read", "python node")
def _plugin(p: Project, random: Random) -> None:
    label = f"plugin-{len(p.parts)}"
    p.add("config/plugins.txt", "north\n")
    if p.language == "python":
        p.add("extensions/__init__.py", "")
        p.add("extensions/north.py", 'NAME = "north"\n')
        body = 'name = Path("config/plugins.txt").read_text().strip()\nreturn importlib.import_module(f"extensions.{name}").NAME and "yes"'
        place = "extensions/north.py"
    else:
        p.add("extensions/north.js", 'module.exports = "north";\n')
        body = 'const name = fs.readFileSync("config/plugins.txt", "utf8").trim();\nreturn require(path.join(__dirname, "extensions", name)) && "yes";'
        place = "extensions/north.js"
        p.facts["beside"] = "yes"
    p.parts.append((label, body))
    p.main.probes.append(Probe(label, "path", place, beside=True))


@element("ini-by-parser", "read", "python", weight=1)
def _parser(p: Project, random: Random) -> None:
    p.add("site.cfg", "[site]\n")
    label = f"read-{len(p.parts)}"
    body = 'parser = configparser.ConfigParser()\nparser.read(["/etc/site.cfg", "site.cfg"])\nreturn f"[{parser.sections()[0]}]\\n"'
    p.parts.append((label, body))
    p.main.probes.append(Probe(label, "read", "site.cfg"))


@element("in-package-of-node", "read", "node", weight=1)
def _served_package(p: Project, random: Random) -> None:
    """A page names a file of a package, and the server reads what pages name."""
    data = package(p)
    data["devDependencies"] = {**data.get("devDependencies", {}), "ms": "2.1.3"}  # type: ignore[dict-item]
    lines = " ".join(p.slots.get("install", []))
    if (
        "package-lock.json" in p.files
        or " -g " in lines
        or "COPY tools" in lines
        or not lines
        or "dependencies" in data
    ):
        return
    save_package(p, data)
    p.slots["install"] = ["COPY package.json ./\nRUN npm install"]
    p.add("public/index.html", '<script src="/node_modules/ms/index.js"></script>\n')
    label = f"page-{len(p.parts)}"
    body = 'const page = fs.readFileSync(path.join(__dirname, "public", "index.html"), "utf8");\nfs.accessSync(path.join(__dirname, page.match(/src="([^"]+)"/)[1]));\nreturn "yes";'
    p.parts.append((label, body))
    p.main.probes.append(Probe(label, "module", "ms"))
    p.facts["beside"] = "yes"


@element("settings-by-viper", "read", "go", weight=1, fits=own_module)
def _viper(p: Project, random: Random) -> None:
    p.static_only = "a module from the network"
    p.files["go.mod"] = File(p.files["go.mod"].data + b"\nrequire github.com/spf13/viper v1.18.2\n")
    name = random.choice(["config.yaml", "app.yaml"])
    p.add(f"conf/{name}", "a: 1\n")
    label = f"viper-{len(p.parts)}"
    body = f'viper.SetConfigName("{name[:-5]}")\nviper.SetConfigType("yaml")\nviper.AddConfigPath("./conf")\nif err := viper.ReadInConfig(); err != nil {{\n\treturn "", err\n}}\nreturn "a: 1\\n", nil'
    p.parts.append((label, body))
    p.imports.append("_github.com/spf13/viper")
    p.main.probes.append(Probe(label, "read", f"conf/{name}"))
    if random.random() < 0.4:
        p.add(".gitignore", f"{name}\n", application=False)
        p.hidden.add(f"conf/{name}")


@element("settings-by-dotenv", "read", "go", weight=1, fits=own_module)
def _dotenv(p: Project, random: Random) -> None:
    p.static_only = "a module from the network"
    p.files["go.mod"] = File(p.files["go.mod"].data + b"\nrequire github.com/joho/godotenv v1.5.1\n")
    p.add("live.env", "A=1\n")
    label = f"dotenv-{len(p.parts)}"
    body = 'cwd, err := os.Getwd()\nif err != nil {\n\treturn "", err\n}\nname := "live"\nfound, err := godotenv.Read(filepath.Join(cwd, name+".env"))\nreturn "A=" + found["A"] + "\\n", err'
    p.parts.append((label, body))
    p.imports.append("_github.com/joho/godotenv")
    p.main.probes.append(Probe(label, "read", "live.env"))


@element("served-by-express", "read", "node", weight=1)
def _express(p: Project, random: Random) -> None:
    if "package-lock.json" in p.files or "RUN npm install" not in " ".join(p.slots.get("install", [])):
        return
    p.static_only = "a server"
    data = package(p)
    data["dependencies"] = {**data.get("dependencies", {}), "express": "4.19.2"}  # type: ignore[dict-item]
    save_package(p, data)
    p.add("web/index.html", "<h1>web</h1>\n")
    p.add("web/style/app.css", "h1 {}\n")
    p.add("views/home.ejs", "home\n")
    label = f"express-{len(p.parts)}"
    body = 'const app = require("express")();\napp.use(require("express").static(path.join(__dirname, "web")));\napp.set("views", "./views");\nreturn "h1 {}\\n";'
    p.parts.append((label, body))
    p.main.probes += [
        Probe(label, "read", "web/style/app.css", beside=True),
        Probe(f"{label}-views", "exists", "views/home.ejs"),
    ]
    p.facts["beside"] = "yes"


@element("templates-of-flask", "read", "python", weight=1, fits=plain)
def _flask(p: Project, random: Random) -> None:
    if "requirements.txt" not in p.files:
        return
    p.static_only = "a server"
    require(p, "flask==3.0.3")
    p.add("templates/home.html", "home\n")
    p.add("static/app.css", "h1 {}\n")
    label = f"flask-{len(p.parts)}"
    body = 'import flask\n\nsite = flask.Flask(__name__)\nwith site.app_context():\n    return flask.render_template("home.html")'
    p.parts.append((label, body))
    p.main.probes += [
        Probe(label, "read", "templates/home.html", beside=True),
        Probe(f"{label}-static", "exists", "static/app.css", beside=True),
    ]
