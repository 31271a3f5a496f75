"""What is waste in images made by hand, and above all what is none."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from madeimages import MB, Content, Made, image

from slimify.analyze.analyze_image import analyze_image
from slimify.analyze.model import Analysis, Waste
from slimify.image.model import Elf


def found(*steps: Made, context: Path | None = None, **config: object) -> Analysis:
    return analyze_image(image(*steps, **config), name="app", context=context)


def brief(findings: Sequence[Waste]) -> list[tuple[str, str, int]]:
    return sorted((waste.code, waste.path, waste.bytes) for waste in findings)


SERVER = Content(size=9 * MB, elf=Elf(machine="x86_64", linking="static"))
DISTROLESS = Made(
    "bazel build //base",
    {
        "/etc/passwd": "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532::/home/nonroot:/bin/no\n",
        "/etc/os-release": 'ID=debian\nVERSION_CODENAME="bookworm"\n',
        "/etc/ssl/certs/ca-certificates.crt": 220_000,
        "/usr/share/zoneinfo/Europe/Berlin": 2_300,
        "/usr/share/doc/tzdata/copyright": 900,
        "/var/lib/dpkg/status.d/tzdata": "Package: tzdata\nVersion: 1\nInstalled-Size: 3000\n",
    },
)
APP = Made("COPY server /app/server", {"/app/server": SERVER})
GO = "/root/.cache/go-build"
SITE = "/usr/local/lib/python3.12/site-packages"
PLAYWRIGHT = "/root/.cache/ms-playwright/chromium/chrome"
PUPPETEER = "/home/pptr/.cache/puppeteer/chrome"
MODEL = "/root/.cache/huggingface/hub/model"
LISTS = "/var/lib/apt/lists"
BERRY = "/root/.yarn/berry/cache/x.zip"
PLAIN = "PORT=8080\nAPI_KEY=\nDB_PASSWORD=${DB_PASSWORD}\nTOKEN=changeme\n"
OBJECT = Content(size=9 * MB, elf=Elf(machine="x86_64", linking="object", symbols=8 * MB))
UNSTRIPPED = Content(size=9 * MB, elf=Elf(machine="x86_64", linking="static", symbols=4 * MB))
OWNED = Content(size=9 * MB, uid=7, same_as="/app/server")

CLEAN: dict[str, tuple[list[Made], dict[str, object]]] = {
    "nothing": ([], {}),
    "a clean distroless image": ([DISTROLESS, APP], {}),
    "a program alone": ([APP], {}),
    "go's cache where the start runs go": (
        [Made("RUN go build", {f"{GO}/a": 9 * MB})],
        {"Cmd": ["go", "run", "."]},
    ),
    "go's cache where an entry script runs go": (
        [Made("RUN go build", {f"{GO}/a": 9 * MB, "/app/start.sh": "#!/bin/sh\nexec go run .\n"})],
        {"Cmd": ["/app/start.sh"]},
    ),
    "go's cache where npm's start script runs go": (
        [Made("RUN x", {f"{GO}/a": MB, "/app/package.json": '{"scripts": {"start": "go run ."}}'})],
        {"Cmd": ["npm", "start"], "WorkingDir": "/app"},
    ),
    "browsers of Playwright": ([APP, Made("RUN npx playwright install", {PLAYWRIGHT: 99 * MB})], {}),
    "browsers of Puppeteer": ([APP, Made("RUN npm ci", {PUPPETEER: 99 * MB})], {}),
    "models": ([APP, Made("RUN python get.py", {MODEL: 99 * MB, "/root/nltk_data/x": MB})], {}),
    "models at a place of their own": (
        [APP, Made("RUN get", {"/tmp/models/m": 99 * MB})],
        {"Env": ["HF_HOME=/tmp/models"]},
    ),
    "a volume": (
        [APP, Made("RUN seed", {"/var/log/app/seed": 9 * MB})],
        {"Volumes": {"/var/log/app": {}}},
    ),
    "Yarn's archives that the program is run from": (
        [Made("RUN yarn", {"/app/.yarn/cache/x.zip": MB, BERRY: MB, "/app/.pnp.cjs": "x"})],
        {"WorkingDir": "/app"},
    ),
    "a little": (
        [APP, Made("RUN x", {"/tmp/x": 900, "/var/log/y": 90, "/var/lib/apt/lists/lock": 0})],
        {},
    ),
    "certificates that everyone may have": (
        [APP, Made("COPY ca.pem /etc/ssl/", {"/etc/ssl/ca.pem": "-----BEGIN CERTIFICATE-----\nMII\n"})],
        {},
    ),
    "settings without a secret": (
        [APP, Made("COPY .env .", {"/app/.env": PLAIN})],
        {},
    ),
    "npm's settings with a variable": (
        [APP, Made("COPY .npmrc .", {"/app/.npmrc": "//registry/:_authToken=${NPM_TOKEN}\n"})],
        {},
    ),
    "variables that are no secrets": (
        [APP],
        {
            "Env": [
                "PATH=/bin",
                "TOKEN_FILE=/run/secrets/t",
                "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D",
                "PASSWORD_HASH_ALGORITHM=bcrypt",
                "API_KEY=",
            ]
        },
    ),
    "media that a source names": (
        [Made("COPY . /app", {"/app/main.py": "open('media/intro.mp4')", "/app/media/intro.mp4": 9 * MB})],
        {"Cmd": ["python", "/app/main.py"]},
    ),
    "data of packages": ([APP, Made("RUN pip install x", {f"{SITE}/x/d.zip": 9 * MB})], {}),
    "object files keep their symbols": (
        [Made("COPY x.o /app/x.o", {"/app/x.o": OBJECT})],
        {},
    ),
}


@pytest.mark.parametrize(("steps", "config"), CLEAN.values(), ids=CLEAN.keys())
def test_no_waste(steps: list[Made], config: dict[str, object]) -> None:
    analysis = found(*steps, **config)  # type: ignore[arg-type]
    assert brief(analysis.findings) == []
    assert analysis.avoidable == 0


FOUND: dict[str, tuple[list[Made], list[tuple[str, str, int]]]] = {
    "go's build cache": (
        [APP, Made("RUN make", {f"{GO}/a": 2 * MB, f"{GO}/b": MB})],
        [("SL701", GO, 3 * MB)],
    ),
    "of another user": (
        [APP, Made("RUN make", {"/home/dev/.cache/go-build/a": MB})],
        [("SL701", "/home/dev/.cache/go-build", MB)],
    ),
    "two layers of one cache": (
        [APP, Made("RUN a", {f"{GO}/a": 2 * MB}), Made("RUN b", {f"{GO}/b": MB})],
        [("SL701", GO, MB), ("SL701", GO, 2 * MB)],
    ),
    "apt's lists": (
        [APP, Made("RUN apt-get update", {f"{LISTS}/x": 20 * MB})],
        [("SL702", LISTS, 20 * MB)],
    ),
    "a cache that is removed too late": (
        [APP, Made("RUN make", {f"{GO}/a": 3 * MB}), Made("RUN go clean -cache", gone=(GO,))],
        [("SL722", f"{GO}/a", 3 * MB)],
    ),
    "chown stores it again": (
        [APP, Made("RUN chown -R app /app", {"/app/server": OWNED})],
        [("SL720", "/app/server", 9 * MB)],
    ),
    "a new version": (
        [
            APP,
            Made("COPY server /app", {"/app/server": Content(size=5 * MB, text="")}),
            Made("COPY server /app", {"/app/server": Content(size=4 * MB, same_as="v3")}),
        ],
        [("SL720", "/app/server", 9 * MB), ("SL721", "/app/server", 5 * MB)],
    ),
    "the same content twice": (
        [APP, Made("COPY dist /srv", {"/srv/www/b/server": Content(size=9 * MB, same_as="/app/server")})],
        [("SL723", "/srv/www/b/server", 9 * MB)],
    ),
    "source control": (
        [Made("COPY . /app", {"/app/.git/pack": 5 * MB})],
        [("SL730", "/app/.git", 5 * MB)],
    ),
    "media that nothing names": (
        [Made("COPY . /app", {"/app/x.py": "1", "/app/media/R.pdf": 12 * MB, "/app/media/K.zip": 34 * MB})],
        [("SL732", "/app/media", 46 * MB)],
    ),
    "the Go toolchain": (
        [Made("COPY local /usr/local", {"/usr/local/go/bin/go": 90 * MB}), APP],
        [("SL706", "/usr/local/go", 90 * MB)],
    ),
    "symbols": (
        [Made("COPY s /app/s", {"/app/s": UNSTRIPPED})],
        [("SL733", "/app/s", 4 * MB)],
    ),
}


@pytest.mark.parametrize(("steps", "expected"), FOUND.values(), ids=FOUND.keys())
def test_waste(steps: list[Made], expected: list[tuple[str, str, int]]) -> None:
    assert brief(found(*steps).findings) == sorted(expected)


def test_each_byte_counts_once() -> None:
    """A file of a cache that is stored again and removed: three findings, and no byte twice."""
    cache = Content(size=3 * MB, same_as="c")
    analysis = found(
        APP,
        Made("RUN make", {f"{GO}/a": cache}),
        Made("RUN chmod -R a+r /root", {f"{GO}/a": cache}),
        Made("COPY x /x", {"/srv/x": cache}),
    )
    assert analysis.avoidable <= analysis.size
    assert analysis.avoidable == 6 * MB


def test_finding_has_line_layer_and_base() -> None:
    steps = [
        Made("# debian.sh --arch amd64", {"/var/lib/apt/lists/x": MB}),
        Made("RUN /bin/sh -c make # buildkit", {f"{GO}/a": 2 * MB}),
    ]
    cache, lists = analyze_image(image(*steps), name="x", dockerfile=b"FROM debian\n\nRUN make\n").findings
    assert (cache.layer, cache.line, cache.base, cache.safe, cache.rewrite, cache.count) == (
        1,
        3,
        False,
        True,
        True,
        1,
    )
    assert (lists.layer, lists.line, lists.base) == (0, None, True)


# --- packages ---------------------------------------------------------------------------------------


def dpkg(*packages: tuple[str, str, int], automatic: Sequence[str] = ()) -> dict[str, Content | int | str]:
    """A Debian system with packages of (name, depends, bytes), each with a program of its name."""
    files: dict[str, Content | int | str] = {
        "/etc/os-release": "ID=debian\nVERSION_CODENAME=bookworm\n",
        "/var/lib/dpkg/status": "\n\n".join(
            f"Package: {name}\nStatus: install ok installed\nVersion: 1\nDepends: {depends}"
            for name, depends, _ in packages
        ),
        "/var/lib/apt/extended_states": "\n\n".join(
            f"Package: {name}\nAuto-Installed: 1" for name in automatic
        ),
    }
    for name, _, size in packages:
        files[f"/var/lib/dpkg/info/{name}.list"] = f"/.\n/usr\n/usr/bin\n/usr/bin/{name}\n"
        files[f"/usr/bin/{name}"] = size
    return files


def test_compilers_go_with_what_came_for_them_alone() -> None:
    files = dpkg(
        ("gcc", "libisl23, libc6", 50 * MB),
        ("libisl23", "libc6", 9 * MB),
        ("libc6", "", 3 * MB),
        ("bash", "libc6", MB),
        automatic=["libisl23", "libc6"],
    )
    (waste,) = found(Made("RUN apt-get install gcc", files), APP).findings
    assert (waste.code, waste.packages, waste.bytes) == ("SL705", ("gcc", "libisl23"), 59 * MB)


STAY: dict[str, tuple[dict[str, Content | int | str], dict[str, object]]] = {
    "another package needs it": (dpkg(("make", "", MB), ("dkms", "make", MB)), {}),
    "the start names it": (dpkg(("make", "", MB)), {"Cmd": ["make", "run"]}),
    "a program is linked with it": (
        dpkg(("gcc", "", MB))
        | {
            "/var/lib/dpkg/info/gcc.list": "/usr/lib/libx.so.1\n",
            "/usr/lib/libx.so.1": MB,
            "/app/server": Content(size=MB, elf=Elf(machine="x", needed=("libx.so.1",))),
        },
        {},
    ),
    "a source compiles": (
        dpkg(("gcc", "", 40 * MB)) | {"/app/main.py": "subprocess.run(['gcc', '-shared', 'x.c'])"},
        {"Cmd": ["python", "/app/main.py"]},
    ),
    "a package of Python calls it": (
        dpkg(("git", "", 40 * MB)) | {f"{SITE}/gitpython-3.1.0.dist-info/METADATA": 900},
        {},
    ),
    "a source calls it": (
        dpkg(("git", "", 40 * MB)) | {"/app/main.py": "subprocess.run(['git', 'log'])"},
        {"Cmd": ["python", "/app/main.py"]},
    ),
}


@pytest.mark.parametrize(("files", "config"), STAY.values(), ids=STAY.keys())
def test_packages_that_are_needed(files: dict[str, Content | int | str], config: dict[str, object]) -> None:
    analysis = found(Made("RUN apt-get install", files), **config)  # type: ignore[arg-type]
    assert not [waste for waste in analysis.findings if waste.packages]


def test_packages_that_nothing_uses_are_advice() -> None:
    (waste,) = found(Made("RUN apt-get install git", dpkg(("git", "", 40 * MB)))).findings
    assert (waste.code, waste.kind, waste.packages, waste.safe) == ("SL712", "unused", ("git",), False)


# --- development dependencies -------------------------------------------------------------------------


def node(
    manifest: dict[str, object], packages: Mapping[str, Mapping[str, object]]
) -> dict[str, Content | int | str]:
    files: dict[str, Content | int | str] = {
        "/app/package.json": json.dumps(manifest),
        "/app/index.js": "require('express')",
    }
    for place, needs in packages.items():
        files[f"/app/node_modules/{place}/package.json"] = json.dumps({"dependencies": needs})
        files[f"/app/node_modules/{place}/index.js"] = MB
    return files


NODE: dict[str, tuple[dict[str, object], dict[str, Mapping[str, object]], tuple[str, ...]]] = {
    "none": ({"dependencies": {"express": "4"}}, {"express": {}}, ()),
    "one with what it needs": (
        {"dependencies": {"express": "4"}, "devDependencies": {"jest": "1"}},
        {"express": {"ms": "1"}, "ms": {}, "jest": {"ms": "1", "chalk": "1"}, "chalk": {}},
        ("chalk", "jest"),
    ),
    "another version inside": (
        {"dependencies": {"ms": "1"}, "devDependencies": {"jest": "1"}},
        {"ms": {}, "jest": {"ms": "2"}, "jest/node_modules/ms": {}},
        ("jest", "ms"),
    ),
    "the start needs it": (
        {"devDependencies": {"nodemon": "1"}, "scripts": {"start": "nodemon index.js"}},
        {"nodemon": {"ms": "1"}, "ms": {}},
        (),
    ),
    "a source imports it": ({"devDependencies": {"express": "4"}}, {"express": {}}, ()),
}


@pytest.mark.parametrize(("manifest", "packages", "names"), NODE.values(), ids=NODE.keys())
def test_development_dependencies_of_node(
    manifest: dict[str, object], packages: dict[str, Mapping[str, object]], names: tuple[str, ...]
) -> None:
    analysis = found(
        Made("RUN npm install", node(manifest, packages)), Cmd=["npm", "start"], WorkingDir="/app"
    )
    development = [w for w in analysis.findings if w.kind == "development"]
    assert tuple(sorted(name for w in development for name in w.packages)) == names
    assert sum(w.bytes for w in development) // MB == len(names)


@pytest.mark.parametrize(
    ("source", "command", "count"),
    [
        ("import flask", "gunicorn app", 1),
        ("import pytest", "gunicorn app", 0),
        ("import flask", "pytest", 0),
    ],
    ids=["nothing uses it", "a source imports it", "the start is it"],
)
def test_development_tools_of_python(source: str, command: str, count: int) -> None:
    files: dict[str, Content | int | str] = {
        f"{SITE}/pytest-8.0.0.dist-info/METADATA": 900,
        f"{SITE}/_pytest/x.py": MB,
        f"{SITE}/pytest/__init__.py": MB,
        f"{SITE}/flask/app.py": MB,
        "/app/main.py": source,
        "/app/tests/test_main.py": "import pytest",
    }
    analysis = found(Made("RUN pip install", files), Cmd=command.split())
    assert [w.packages for w in analysis.findings if w.kind == "development"] == [("pytest",)] * count


# --- with the build context ---------------------------------------------------------------------------


def test_sources_of_the_context_count(tmp_path: Path) -> None:
    step = Made("COPY . /app", {"/app/server": SERVER, "/app/media/Kit.zip": 34 * MB})
    assert [w.code for w in found(step, context=tmp_path).findings] == ["SL732"]
    (tmp_path / "main.go").write_text('http.ServeFile(w, r, "media/Kit.zip")')
    assert not found(step, context=tmp_path).findings


def test_sources_that_are_too_many_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Made("COPY . /app", {"/app/x.py": "print()", "/app/media/Kit.zip": 34 * MB})
    assert [w.code for w in found(step).findings] == ["SL732"]
    monkeypatch.setattr("slimify.analyze.image_inputs.MAX_SOURCE_BYTES", 3)
    analysis = found(step)
    assert not analysis.findings
    assert "too much source code" in analysis.warnings[-1]
