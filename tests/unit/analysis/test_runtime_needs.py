"""What a start ends in: followed through shells, scripts, recipes and package.json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slimify.analysis.classify import classify
from slimify.analysis.runtime_needs import unread_start
from slimify.config import Options
from slimify.context.scan import scan
from slimify.facts.shells import is_builtin
from slimify.model.effects import INSTALLS
from slimify.syntax.dockerfile.parser import parse

FILES = {
    "entry.sh": '#!/bin/sh\nset -e\n[ "$1" = web ] && set -- node web.js\nexec "$@"\n',
    "lib.sh": "serve() {\n  exec node $1.js\n}\n",
    "both.sh": '#!/bin/sh\n. "$(dirname "$0")/lib.sh"\nfor x in a b; do serve $x & done\n',
    "Makefile": "include run.mk\nrun: x.tmp\n\tmv $< x.js\n\t$(MAKE) -C sub start P=1\n%.tmp:\n\ttouch $@\n",
    "run.mk": "web: FLAGS := --trace\nweb:\n\tnode $(FLAGS) web.js\n",
    "sub/Makefile": "start:\n\tnode x.js $(P)\n",
    "package.json": json.dumps({"scripts": {"site": "npm run serve", "serve": "http-server dist"}}),
}
STARTS = {
    '["server"]': [["server"]],
    '["sh", "-c", "node x.js"]': [["node", "x.js"]],
    ". ./lib.sh && serve web": [["node", "web.js"]],
    '["./entry.sh", "server", "x"]': [["server", "x"], ["node", "web.js"]],
    '["sh", "both.sh"]': [["node", "a.js"], ["node", "b.js"]],
    '["make", "web"]': [["node", "--trace", "web.js"]],
    '["make", "run"]': [["touch", "x.tmp"], ["mv", "x.tmp", "x.js"], ["node", "x.js", "1"]],
    '["npm", "run", "site"]': [["http-server", "dist"]],
    'cd / && case "$X" in a) node a.js ;; *) node b.js ;; esac': [["node", "a.js"], ["node", "b.js"]],
}


@pytest.mark.parametrize(("start", "expected"), STARTS.items(), ids=STARTS)
def test_programs_that_a_start_ends_in(start: str, expected: list[list[str]], tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    file = parse(f"FROM debian\nWORKDIR /app\nCOPY . .\nCMD {start}\n".encode(), "Dockerfile")
    needs = classify(file, scan(tmp_path), "Dockerfile", Options(), None).runtime_needs
    found = [
        list(c.words) for c in needs.programs if not is_builtin(c.call.name) and c.call.name != "dirname"
    ]
    assert sorted(found) == sorted(expected)


SCRIPTS = json.dumps({"scripts": {"check": "semver 1.0.0", "site": "npm run serve", "serve": "ware dist"}})
STARTING = {
    "app.py": "import subprocess\nsubprocess.run({})\n",
    "server.js": "const cp = require('child_process');\ncp.{}\n",
    "main.go": 'package main\n\nimport "os/exec"\n\nfunc main() {{\n\texec.Command({}).Run()\n}}\n',
}
# A file of the application, how it starts a program, and the programs that this comes to.
NAMED: list[tuple[str, str, set[str]]] = [
    ("app.py", "[]", set()),
    ("app.py", "['git', 'log']", {"git"}),
    ("app.py", "['npm', 'run', 'missing']", {"npm"}),
    ("app.py", "['make', sys.argv[1]]", {"make"}),
    ("server.js", "execSync(`npm run ${name}`)", {"sh", "npm"}),
    ("server.js", "execSync('npm run check')", {"sh", "npm", "semver"}),
    ("server.js", "spawn('npm', ['run', 'site'])", {"npm", "ware"}),
    ("server.js", "execSync('npx semver 1.0.0')", {"sh", "npx", "semver"}),
    ("app.py", "['npm', 'run', 'check']", {"npm", "semver"}),
    ("app.py", "['sh', '-c', 'npm run check && jq .']", {"sh", "npm", "semver", "jq"}),
    ("app.py", "['make', 'web']", {"make", "ware"}),
    ("app.py", "['sh', 'tool.sh', sys.argv[1]]", {"sh", "ware"}),
    ("app.py", "['sh', '-c', 'poetry run ware']", {"sh", "poetry", "ware"}),
    ("main.go", '"npm", "run", "site"', {"npm", "ware"}),
    ("main.go", '"./tool.sh", os.Args[1]', {"./tool.sh", "tool.sh", "sh", "ware"}),
]


@pytest.mark.parametrize(("file", "start", "expected"), NAMED, ids=[f"{r[0]}-{r[1]}" for r in NAMED])
def test_programs_that_the_application_starts(
    file: str, start: str, expected: set[str], tmp_path: Path
) -> None:
    files = {"package.json": SCRIPTS, "Makefile": "web:\n\tware dist\n", "tool.sh": "#!/bin/sh\nware $1\n"}
    for name, text in {**files, "go.mod": "module a.b/c\n", file: STARTING[file].format(start)}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    build = "RUN go build -o server .\n" if file == "main.go" else ""
    base = {"app.py": "python", "server.js": "node", "main.go": "golang"}[file]
    command = {"app.py": "python app.py", "server.js": "node server.js", "main.go": "./server"}[file]
    docker = f"FROM {base}\nWORKDIR /app\nCOPY . .\n{build}CMD {json.dumps(command.split())}\n"
    found = classify(
        parse(docker.encode(), "Dockerfile"), scan(tmp_path), "Dockerfile", Options(), None
    ).runtime_needs
    assert set(found.commands) - {*command.split(), "server", "docker-entrypoint.sh"} == expected


@pytest.mark.parametrize(
    ("name", "start", "found"),
    [
        ("vite.config.js", "next start", False),  # of a program that only builds
        ("next.config.js", "node server.js", False),
        ("next.config.js", "next start", True),
        ("next.config.mjs", "npm start", True),
    ],
)
def test_settings_of_a_started_program_are_sources(
    name: str, start: str, found: bool, tmp_path: Path
) -> None:
    (tmp_path / "package.json").write_text(
        '{"scripts": {"start": "next start"}, "dependencies": {"next": "14"}}'
    )
    (tmp_path / "index.js").write_text("")
    (tmp_path / name).write_text("require('child_process').execSync('git rev-parse HEAD')\n")
    docker = f"FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm install\nCMD {json.dumps(start.split())}\n"
    needs = classify(parse(docker.encode(), "Dockerfile"), scan(tmp_path), "Dockerfile", Options(), None)
    assert ("git" in needs.runtime_needs.commands) is found


@pytest.mark.parametrize(
    ("name", "first", "read"),
    [
        ("tool", "# no script", False),
        ("tool", "#!/bin/sh", False),
        ("tool.txt", "#!/usr/bin/env python3", False),
        ("tool.py", "# a source by its name", True),
        ("tool", "#!/usr/bin/env python3", True),
        ("tool", "#!/usr/local/bin/python3.11 -u", True),
        ("tool", "#!/usr/bin/env -S python -u", True),
    ],
)
def test_scripts_without_extension_are_sources(name: str, first: str, read: bool, tmp_path: Path) -> None:
    (tmp_path / name).write_text(f'{first}\nimport subprocess\nsubprocess.run(["convert", "x.png"])\n')
    file = parse(b"FROM python:3.11\nCOPY . /app/\n", "Dockerfile")
    needs = classify(file, scan(tmp_path), "Dockerfile", Options(), None).runtime_needs
    assert ("convert" in needs.commands) is read


# How a program is started, and the files of the application that it may read: by name, and any other.
READERS: list[tuple[str, set[str], bool]] = [
    ("'git', 'log'", set(), False),
    ("'ware', '/etc/hosts'", set(), False),
    ("'ware', 'data/a.txt'", {"/app/data/a.txt"}, False),
    ("'ware', 'made/b.txt'", {"/app/made/b.txt"}, False),
    ("'./made/ware'", {"/app/made/ware"}, False),
    ("'./other/ware'", set(), False),
    ("'ware', '--file=data/a.txt'", {"/app/data/a.txt"}, False),
    ("'cat', 'data/a.txt'", {"/app/data/a.txt"}, False),
    ("'ware', 'data/' + sys.argv[1]", {"/app/data"}, False),
    ("'git', 'clone', sys.argv[1]", set(), False),
    ("'ware', sys.argv[1]", set(), True),
    ("'ware', '--file=' + sys.argv[1]", set(), True),
    ("'cat', sys.argv[1]", set(), True),
    ("'python', 'data/tool.py'", {"/app/data/tool.py"}, False),
    ("'node', 'data/tool.js'", {"/app/data/tool.js"}, True),
]


@pytest.mark.parametrize(("start", "paths", "anything"), READERS, ids=[r[0] for r in READERS])
def test_files_that_a_started_program_may_read(
    start: str, paths: set[str], anything: bool, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    for name in ("a.txt", "tool.js", "tool.py"):
        (tmp_path / "data" / name).write_text("")
    (tmp_path / "app.py").write_text(f"import subprocess, sys\nsubprocess.run([{start}])\n")
    file = parse(
        b"FROM python\nWORKDIR /app\nCOPY . .\nRUN git clone x made\nCMD python app.py\n", "Dockerfile"
    )
    sources = classify(file, scan(tmp_path), "Dockerfile", Options(), None).runtime_needs.sources
    assert {use.name for use in sources.paths} == paths
    assert bool(sources.computed) == anything


MANAGED: list[tuple[str, str, set[str]]] = [
    ("notes.conf", "[program:a]\ncommand=sh tool.sh\n", set()),
    ("supervisord.conf", "[program:a]\n; command=sh tool.sh\n", set()),
    ("supervisord.conf", "[program:a]\ncommand=sh tool.sh\n", {"sh", "ware"}),
    ("litefs.yml", "exec:\n  # - cmd: ware\n", set()),
    ("litefs.yml", 'data:\n  dir: "/x"\nexec:\n  - cmd: "sh tool.sh"\n', {"sh", "ware"}),
    ("crontab", "# * * * * * npm run site\n", set()),
    ("cron.d/jobs.cron", "* * * * * root npm run site\n", {"npm", "ware"}),
    ("crontab", "* * * * * npm run site\n", {"npm", "ware"}),
    ("crontab", "@daily npm run site\n", {"npm", "ware"}),
    ("cron.d/jobs.cron", "@daily root npm run site\n", {"npm", "ware"}),
    ("cron.d/jobs.cron", "* * * * * app ware\n", {"ware"}),
    ("cron.d/jobs.cron", "* * * * * npm run site\n", {"npm", "ware"}),  # it is given to crontab, too
    ("cron.d/jobs.cron", "@daily /usr/bin/npm run site\n", {"/usr/bin/npm", "npm", "ware"}),
    ("hook.sh", "#!/bin/sh\nware\n", set()),
    ("cron.d/hook", "#!/bin/sh\nware\n", {"sh", "ware"}),  # as all scripts below /etc
]


def test_a_crontab_that_a_step_writes(tmp_path: Path) -> None:
    lines = (
        "FROM debian\nRUN echo '* * * * * root ware' > /etc/cron.d/x && echo '* * * * * root other' > /y\n"
    )
    needs = classify(parse(lines.encode(), "Dockerfile"), scan(tmp_path), "Dockerfile", Options(), None)
    assert set(needs.runtime_needs.commands) == {"ware"}


@pytest.mark.parametrize(("file", "text", "expected"), MANAGED)
def test_programs_that_a_process_manager_starts(
    file: str, text: str, expected: set[str], tmp_path: Path
) -> None:
    for name, content in {"package.json": SCRIPTS, "tool.sh": "ware $1\n", file: text}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    docker = parse(
        b'FROM debian\nWORKDIR /app\nCOPY cron.d* /etc/cron.d/\nCOPY *.* crontab* ./\nCMD ["idle"]\n',
        "Dockerfile",
    )
    needs = classify(docker, scan(tmp_path), "Dockerfile", Options(), None).runtime_needs
    assert set(needs.commands) - {"idle"} == expected
    assert {c.call.name for c in needs.programs} - {"idle"} == expected & {"ware"}


@pytest.mark.parametrize(
    ("lines", "made"),
    [
        ("COPY . .", False),
        ("COPY Makefile ./\nRUN make web", False),
        ("FROM debian\nCOPY --from=0 Makefile ./", False),
        ("COPY package.json ./", False),
        ("COPY Makefile package.json ./", True),
        ("COPY --chown=1 sub/Makefile ./\nRUN cmake .", True),
    ],
)
def test_only_people_read_a_file_that_is_copied_by_name(lines: str, made: bool, tmp_path: Path) -> None:
    for name in ("Makefile", "package.json"):
        (tmp_path / name).write_text(FILES[name])
    file = parse(f"FROM debian\n{lines}\nCMD server\n".encode(), "Dockerfile")
    needs = classify(file, scan(tmp_path), "Dockerfile", Options(), None).runtime_needs
    assert ("make" in needs.commands) is made


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("gcc -o /usr/bin/a a.c", set()),
        ("gcc -o /usr/bin/a a.c -lm -pthread -lpthread", set()),
        ("gcc a.c -Wl,--no-as-needed -lpq -l -o /usr/bin/a", {"pq"}),
        ("g++ -I/usr/include/pq a.cc -lcurl -lpq", {"curl", "pq"}),
        ("make a", {"xslt"}),
        ("ls -lpq", set()),
    ],
)
def test_libraries_that_steps_link(run: str, expected: set[str], tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("LIBS = -lxslt\na: a.c\n\t$(CC) -o $@ $< $(LIBS)\n")
    docker = parse(f"FROM debian\nCOPY . .\nRUN {run}\n".encode(), "Dockerfile")
    needs = classify(docker, scan(tmp_path), "Dockerfile", Options(), None).runtime_needs
    assert set(needs.libraries) == expected


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ('CMD ["await.sh", "server"]', False),
        ('CMD ["await.sh", "go", "run", "."]', True),
        ('ENTRYPOINT ["await.sh"]\nCMD ["db:1", "--", "go", "run", "."]', True),
        ('CMD ["server", "go"]', False),
        ('CMD ["./array.sh", "db:1", "--", "./entry.sh"]', True),
        ('CMD ["sh", "-c", "./array.sh db:1 -- ./entry.sh"]', True),
        ('CMD ["./array.sh", "db:1", "./entry.sh"]', False),
        ('CMD ["./prints.sh", "--", "./entry.sh"]', False),
    ],
)
def test_commands_that_an_unread_script_is_given(start: str, expected: bool, tmp_path: Path) -> None:
    (tmp_path / "entry.sh").write_text("#!/bin/sh\nexec go run .\n")
    (tmp_path / "prints.sh").write_text('#!/bin/sh\necho "$@"\n')
    loop = 'for w in "$@"; do shift; if [ "$w" = -- ]; then LINE=("$@"); fi; done'
    (tmp_path / "array.sh").write_text(f'#!/bin/bash\n{loop}\nexec "${{LINE[@]}}"\n')
    docker = parse(f"FROM golang:1.24\nCOPY . .\n{start}\n".encode(), "Dockerfile")
    needs = classify(docker, scan(tmp_path), "Dockerfile", Options(), None).runtime_needs
    assert ("go" in needs.commands) is expected


@pytest.mark.parametrize(
    ("lines", "start", "absent"),
    [
        ("COPY . .", '["python", "app.py"]', False),
        ("COPY . .", '["python", "-m", "app"]', False),
        ("COPY app.py /x/y.py", '["python", "/x/y.py"]', False),
        ("COPY app.py .\nRUN cp app.py run.py", '["python", "run.py"]', False),
        ("COPY . .\nRUN ./make.sh", '["python", "made.py"]', False),  # a script that nobody can read
        ("RUN git clone https://example.com/x .", '["python", "app.py"]', False),
        ("RUN pip install x", '["python", "/usr/lib/python3/x.py"]', False),
        ("", '["python", "app.py"]', True),
        ("COPY . .", '["python", "generated/app.py"]', True),
        ("COPY . /elsewhere", '["python", "app.py"]', True),
        ("COPY . .", "python other.py --port 80", True),
        ("COPY . .", "npx babel src -d lib && node lib/app.js", False),  # it makes what it starts
        ("COPY . .", "node lib/app.js && npx babel src -d lib", True),
        ("COPY . .", "npx babel src -d lib && node /srv/lib/app.js", True),
    ],
)
def test_scripts_that_the_image_does_not_have(lines: str, start: str, absent: bool, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("import os\n")
    file = f"FROM python:3.12\nWORKDIR /app\n{lines}\nCMD {start}\n"
    program = classify(parse(file.encode()), scan(tmp_path), "Dockerfile", Options())
    assert (unread_start(program.runtime_needs.start) is not None) is absent


@pytest.mark.parametrize(
    ("source", "installs"),
    [
        ("import os\nos.system('pip freeze')\n", 0),
        ("import os\nos.system('echo pip install x')\n", 0),
        ("import os\nos.system('pip install x')\n", 1),
        ("import subprocess\nsubprocess.run(['pip', 'install', '-r', 'more.txt'])\n", 1),
        (
            "import subprocess, sys\n\n\ndef install(name):\n"
            "    subprocess.check_call([sys.executable, '-m', 'pip', 'install', name])\n",
            1,
        ),
        ("import subprocess\nsubprocess.run('npm ci && pip install x', shell=True)\n", 2),
    ],
)
def test_installs_that_the_application_starts(source: str, installs: int, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(source)
    file = parse(b'FROM python:3.12\nWORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n')
    needs = classify(file, scan(tmp_path), "Dockerfile", Options()).runtime_needs
    assert sum(effect.kind in INSTALLS for effect in needs.start) == installs
    assert len(needs.origins) == len(needs.start)
