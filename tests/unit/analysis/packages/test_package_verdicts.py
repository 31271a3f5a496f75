"""Package verdicts: what the user installed by name, and what is known to use it."""

# ruff: noqa: E501 - lines of Dockerfiles as people write them

from __future__ import annotations

from pathlib import Path

import pytest

from slimify.analysis.classify import classify
from slimify.config import Options
from slimify.context.scan import scan
from slimify.syntax.dockerfile.parser import encode, parse

START = 'CMD ["python", "a.py"]\n'
FILE = "FROM python:3.11-bookworm\nWORKDIR /app\nCOPY . .\n{0}"
DYNAMIC = "import subprocess, sys\nsubprocess.run([sys.argv[1]])\n"
PPA = "add-apt-repository -y "
HOST = "CMD twistd -ny a.tac\n"

CASES = (
    # nothing uses it: it stays
    ("unknown", "apt-get install -y acme-thing", START, {}, {"acme-thing": ("run", "SL203")}),
    ("unseen", "apt-get install -y git", START, {}, {"git": ("run", "SL206")}),
    ("named", "apt-get install -y git", START, {"a.py": "X = ['git']\n"}, {"git": ("run", "SL203")}),
    ("variable", "apt-get install -y chromium", "ENV CHROME_BIN=/usr/bin/chromium\n" + START, {}, {"chromium": ("run", "SL203")}),
    # run time uses it
    ("started", "apt-get install -y git", "CMD git daemon\n", {}, {"git": ("run", "SL202")}),
    ("started-by-a-source", "apt-get install -y git && git --version", START, {"a.py": "import subprocess\nsubprocess.run(['git'])\n"}, {"git": ("both", "SL202")}),
    ("linked", "apt-get install -y libmagic1 && pip install python-magic", START, {"a.py": "import magic\n"}, {"libmagic1": ("run", "SL202")}),
    ("compiles-at-run-time", "apt-get install -y gcc libffi-dev", "CMD gcc a.c && ./a.out\n", {}, {"gcc": ("run", "SL202"), "libffi-dev": ("run", "SL202")}),
    ("cgo-at-run-time", "apt-get install -y gcc librdkafka-dev", "CMD go run .\n", {}, {"gcc": ("run", "SL202"), "librdkafka-dev": ("run", "SL202")}),
    ("compiler-that-starts-it", "apt-get install -y git && go mod download", "CMD go run .\n", {"go.mod": "module x\n"}, {"git": ("run", "SL202")}),
    ("link-to-what-is-built", "apt-get install -y git gcc && git clone https://x.io/x /x && gcc -o /x/a /x/a.c && ln -s /x/a /b", "CMD /b\n", {}, {"git": ("build", "SL205"), "gcc": ("build", "SL201")}),
    ("link-to-what-nobody-brings", "apt-get install -y git gcc && git clone https://x.io/x /x && gcc -o /x/a /x/a.c && ln -s /y/a /b", "CMD /b\n", {}, {"git": ("both", "SL203"), "gcc": ("build", "SL201")}),
    # a service manager starts its service, or one that nobody knows
    ("service-of-a-step", "apt-get install -y nginx && service nginx stop", START, {}, {"nginx": ("run", "SL206")}),
    ("service-as-an-argument", "apt-get install -y nginx", "CMD echo service nginx start; python a.py\n", {}, {"nginx": ("run", "SL206")}),
    ("another-service", "apt-get install -y nginx memcached", "CMD service memcached start; python a.py\n", {}, {"nginx": ("run", "SL206"), "memcached": ("run", "SL202")}),
    ("service", "apt-get install -y nginx nginx-extras", "CMD service nginx start; python a.py\n", {}, {"nginx": ("run", "SL202"), "nginx-extras": ("run", "SL202")}),
    ("service-of-a-script", "apt-get install -y nginx", "CMD ./start\n", {"start": "#!/bin/sh\nfor x in cron nginx; do\n  sudo service $x start\ndone\n"}, {"nginx": ("run", "SL202")}),
    ("service-of-a-source", "apt-get install -y nginx", START, {"a.py": "import os\nos.system('invoke-rc.d --quiet nginx start')\n"}, {"nginx": ("run", "SL202")}),
    ("init-script", "apt-get install -y nginx openssh-server", "CMD /etc/init.d/ssh start; python a.py\n", {}, {"nginx": ("run", "SL206"), "openssh-server": ("run", "SL202")}),
    ("unit", "apt-get install -y nginx redis", "CMD systemctl --root / start redis-server.service nginx; python a.py\n", {}, {"nginx": ("run", "SL202"), "redis": ("run", "SL202")}),
    ("service-with-another-name", "apt-get install -y nginx default-mysql-server php-fpm", "CMD service mysql start; service php8.2-fpm start; python a.py\n", {},
     {"nginx": ("run", "SL206"), "default-mysql-server": ("run", "SL202"), "php-fpm": ("run", "SL202")}),
    ("service-of-apk", "apk add nginx openssh", "CMD rc-service sshd start; python a.py\n", {}, {"nginx": ("run", "SL206"), "openssh": ("run", "SL202")}),
    ("any-service", "apt-get install -y nginx git gcc && gcc x.c && git init", 'CMD service "$NAME" start; python a.py\n', {}, {"nginx": ("run", "SL202"), "git": ("build", "SL205"), "gcc": ("build", "SL201")}),
    ("service-that-nobody-knows", "apt-get install -y nginx", "CMD service frontend start; python a.py\n", {}, {"nginx": ("run", "SL202")}),
    ("every-service", "apt-get install -y nginx", "CMD /sbin/init\n", {}, {"nginx": ("run", "SL202")}),
    ("own-init", "apt-get install -y nginx", "CMD ./init\n", {"init": "#!/bin/sh\npython a.py\n"}, {"nginx": ("run", "SL206")}),
    ("own-unit", "apt-get install -y git && git init", "COPY web.service /etc/systemd/system/\nCMD /sbin/init\n", {"web.service": "[Service]\nExecStart=-/usr/bin/git daemon\n"}, {"git": ("both", "SL202")}),
    ("own-init-script", "apt-get install -y nginx git && git init", "COPY web /etc/init.d/web\nCMD service web start; python a.py\n", {"web": "#!/bin/sh\ngit daemon\n"},
     {"nginx": ("run", "SL206"), "git": ("both", "SL202")}),
    # only the build uses it, and everything that starts is known
    ("called", "apt-get install -y git && git clone https://example.org/x /x", START, {}, {"git": ("build", "SL205")}),
    ("compiler", "apt-get install -y gcc libpq-dev && pip install --no-binary :all: psycopg2", START, {}, {"gcc": ("build", "SL201"), "libpq-dev": ("build", "SL204")}),
    ("other-language", "apt-get install -y nodejs npm && npm install && npm run build", START, {"package.json": "{}"}, {"nodejs": ("build", "SL201"), "npm": ("build", "SL201")}),
    ("removed", "apk add git && git clone https://example.org/x /x && apk del git", START, {}, {"git": ("build", "SL201")}),
    ("removed-group", "apk add --virtual .b git && apk del .b", START, {}, {"git": ("build", "SL201")}),
    # a PPA may have another release of a library: what replaces its headers is not known
    ("ppa", f"{PPA}ppa:x/gdal && apt-get install -y libicu-dev libpq-dev", START, {}, {"libicu-dev": ("both", "SL203"), "libpq-dev": ("build", "SL204")}),
    ("ppa-with-other-packages", f"{PPA}ppa:deadsnakes/ppa && apt-get install -y libicu-dev", START, {}, {"libicu-dev": ("build", "SL204")}),
    ("source-of-the-distribution", "sed -i s/deb.debian.org/mirror/ /etc/apt/sources.list && apt-get install -y libicu-dev", START, {}, {"libicu-dev": ("build", "SL204")}),
    # run time may start anything: compilers and headers go all the same
    ("open", "apt-get install -y git gcc libpq-dev && git clone https://example.org/x /x", HOST, {}, {"git": ("both", "SL203"), "gcc": ("build", "SL201"), "libpq-dev": ("build", "SL204")}),
    ("open-other-language", "apt-get install -y nodejs npm && npm install", HOST, {"package.json": "{}"}, {"nodejs": ("both", "SL203"), "npm": ("both", "SL203")}),
    ("dynamic", "apt-get install -y make gcc && make", START, {"a.py": DYNAMIC}, {"make": ("both", "SL203"), "gcc": ("build", "SL201")}),
    ("dynamic-and-a-word", "apt-get install -y build-essential && gcc x.c", START,
     {"a.py": DYNAMIC, "a.json": '[{"name": "ar"}, {"name": "as"}]'}, {"build-essential": ("build", "SL201")}),
    ("dynamic-and-a-program-of-several", "apt-get install -y build-essential && gcc x.c", START,
     {"a.py": DYNAMIC, "a.json": '[{"name": "make"}]'}, {"build-essential": ("both", "SL203")}),
    ("dynamic-and-a-common-word", "apt-get install -y gcc && gcc x.c", START, {"a.py": DYNAMIC + "send(cc='cc', to={'cc': a})\n"}, {"gcc": ("build", "SL201")}),
    ("dynamic-and-a-common-word-with-arguments", "apt-get install -y gcc && gcc x.c", START, {"a.py": DYNAMIC + "X = 'cc -c'\n"}, {"gcc": ("both", "SL202")}),
    ("dynamic-and-a-common-word-of-a-setting", "apt-get install -y gcc && gcc x.c", START, {"a.py": DYNAMIC, "a.yml": "compiler: cc\n"}, {"gcc": ("both", "SL202")}),
    ("dynamic-and-named", "apt-get install -y gcc && gcc x.c", START, {"a.py": DYNAMIC + "X = ['gcc']\n"}, {"gcc": ("both", "SL203")}),
    # run time uses one of the packages that it brings
    ("member", "apt-get install -y build-essential && gcc x.c", "CMD make a\n", {"Makefile": "a:\n\tpython a.py\n"}, {"build-essential": ("build", "SL201")}),
    ("member-and-a-compiler", "apt-get install -y build-essential && gcc x.c", "CMD make a\n", {"Makefile": "a:\n\tgcc a.c\n"}, {"build-essential": ("both", "SL202")}),
    ("member-that-may-start-any-program", "apt-get install -y build-essential && gcc x.c", "CMD make a\n", {}, {"build-essential": ("both", "SL202")}),
    # the image has programs of its own that come first
    ("second", "apt-get install -y python3-pip && pip3 install flask", "CMD pip3 list && python3 a.py\n", {}, {"python3-pip": ("build", "SL201")}),
    ("second-of-any-program", "apt-get install -y python3-pip && pip3 install flask", HOST, {}, {"python3-pip": ("build", "SL201")}),
    ("second-by-its-path", "apt-get install -y python3-pip && pip3 install flask", "CMD /usr/bin/pip3 list\n", {}, {"python3-pip": ("both", "SL202")}),
    # a step of the final stage uses it
    ("late", "apt-get install -y nodejs && node build.js", START, {}, {"nodejs": ("both", "SL202")}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("run", "start", "files", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_verdicts(
    tmp_path: Path, run: str, start: str, files: dict[str, str], expected: dict[str, tuple[str, str]]
) -> None:
    base = FILE.replace("bookworm", "alpine") if run.startswith("apk") else FILE
    for name, text in {"a.py": "import os\n", **files}.items():
        (tmp_path / name).write_text(text)
    file = parse(encode(base.format(f"RUN {run}\n") + start), "Dockerfile")
    program = classify(file, scan(tmp_path), "Dockerfile", Options())
    verdicts = [v for step in program.steps for atom in step.atoms for v in atom.packages]
    found = {v.name: (v.role, v.reasons[0].code) for v in verdicts}
    assert found == expected, verdicts


SLIM = "FROM python:3.12-slim\nCOPY . .\nRUN apt-get update && apt-get install -y {0}\nRUN pip install --no-binary x x\n{1}"
CALLS = "import os\nos.system('xz a')\nos.system('ps')\n"


@pytest.mark.parametrize(
    ("packages", "step", "source", "expected"),
    [
        pytest.param("gcc", "", "", ((),), id="nothing-needed"),
        pytest.param("gcc", "", CALLS, ((),), id="never-there"),
        pytest.param("build-essential", "", CALLS, (("xz-utils",),), id="a-dependency"),
        pytest.param("cmake", "", CALLS, (("procps",),), id="a-program"),
        pytest.param("gcc xz-utils", "", CALLS, ((), ()), id="installed-by-name"),
        pytest.param("build-essential", "", "import lightgbm\n", (("libgomp1",),), id="a-library"),
        pytest.param(
            "git",
            "RUN git clone https://x.io/x /y && rm -r /y\nRUN adduser --disabled-password x\n",
            "",
            (("adduser",),),
            id="recommended",
        ),
        pytest.param(
            "--no-install-recommends git",
            "RUN git clone https://x.io/x /y && rm -r /y\nRUN adduser --disabled-password x\n",
            "",
            ((),),
            id="not-recommended",
        ),
    ],
)
def test_what_came_along(
    tmp_path: Path, packages: str, step: str, source: str, expected: tuple[tuple[str, ...], ...]
) -> None:
    """What run time needs of what a package brought along is installed in its place."""
    (tmp_path / "a.py").write_text(source)
    (tmp_path / "requirements.txt").write_text("lightgbm\n" if "lightgbm" in source else "six\n")
    text = SLIM.format(packages, f"{step}RUN pip install -r requirements.txt\n{START}")
    program = classify(parse(encode(text), "Dockerfile"), scan(tmp_path), "Dockerfile", Options())
    verdicts = [v for s in program.steps for atom in s.atoms for v in atom.packages]
    assert tuple(v.counterparts for v in verdicts) == expected, verdicts


def test_headers_whose_library_is_unknown_stay(tmp_path: Path) -> None:
    """Whatever else came along with them: apt's name of the library is not known in this release."""
    text = "FROM ubuntu:latest\nRUN apt-get update && apt-get install -y python3 libtesseract-dev\n" + START
    (tmp_path / "a.py").write_text("import ssl\n")
    program = classify(parse(encode(text), "Dockerfile"), scan(tmp_path), "Dockerfile", Options())
    verdicts = {v.name: v for s in program.steps for atom in s.atoms for v in atom.packages}
    assert (verdicts["libtesseract-dev"].role, verdicts["libtesseract-dev"].reasons[0].form) == (
        "both",
        "unknown_counterpart",
    )


DEBIAN = "FROM {0}\nCOPY . .\nRUN apt-get update && apt-get install -y {1} git\nRUN git clone https://x.io/x /y && rm -r /y\n{2}"


@pytest.mark.parametrize(
    ("base", "package", "start", "sources", "brought"),
    [
        pytest.param("python:3.12-slim", "gcc", START, {}, False, id="image-has-them"),
        pytest.param("node:20-slim", "gcc", "CMD node a.js\n", {"package.json": "{}"}, False, id="node-has-its-own"),
        pytest.param("debian:12", "python3", 'CMD ["python3", "a.py"]\n', {}, True, id="python-may-connect"),
        pytest.param("debian:12", "golang", "RUN go build -o /x .\nCMD /x\n", {"go.mod": "module x\n", "main.go": "package main\n\nfunc main() {}\n"}, False, id="go-that-does-not"),
        pytest.param("debian:12", "golang", "RUN go build -o /x .\nCMD /x\n", {"go.mod": "module x\n", "main.go": 'package main\n\nimport "net/http"\n\nfunc main() { http.Get("https://x.io") }\n'}, True, id="go-that-connects"),
    ],
)  # fmt: skip
def test_certificates_that_came_along(
    tmp_path: Path, base: str, package: str, start: str, sources: dict[str, str], brought: bool
) -> None:
    for name, text in {"a.py": "", **sources}.items():
        (tmp_path / name).write_text(text)
    file = parse(encode(DEBIAN.format(base, package, start)), "Dockerfile")
    program = classify(file, scan(tmp_path), "Dockerfile", Options())
    verdicts = {v.name: v for s in program.steps for atom in s.atoms for v in atom.packages}
    assert ("ca-certificates" in verdicts["git"].counterparts) is brought, verdicts


def test_programs_of_an_unknown_release(tmp_path: Path) -> None:
    """Its packages have the programs that they have elsewhere."""
    (tmp_path / "a.py").write_text("import os\nos.system('git log')\n")
    text = "FROM pypy:3.7-slim\nRUN apt-get update && apt-get install -y git\nCOPY . /app/\nCMD python /app/a.py\n"
    program = classify(parse(encode(text), "Dockerfile"), scan(tmp_path), "Dockerfile", Options())
    assert [(v.name, v.role, v.reasons[0].code) for v in program.verdicts] == [("git", "run", "SL202")]
