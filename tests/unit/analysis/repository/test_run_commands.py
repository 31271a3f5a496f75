# ruff: noqa: E501 - files of repositories as people write them

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from support import slowness

from slimify.analysis.repository.run_commands import image_uses
from slimify.context.scan import Context, scan


def lay(root: Path, files: Mapping[str, str]) -> Context:
    for name, text in files.items():
        (root / "app" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "app" / name).write_text(text)
    return scan(root / "app")


POD = "kind: Pod\nspec:\n  containers:\n  - image: {image}\n    command: [python, worker.py]\n"
SERVICE = "services:\n  web:\n    build: .\n"
IMAGE = "services:\n  a:\n    image: {}\n    command: x\n"
BUILT = ".github/workflows/a.yml"
# Nothing that is run in the image of ./Dockerfile.
NOOP = [
    ("nothing", {"a.txt": "docker run app sh"}),
    ("compose-without-command", {"compose.yml": "services:\n  web:\n    build: .\n"}),
    ("compose-other-image", {"compose.yml": "services:\n  db:\n    image: postgres\n    command: -c x\n"}),
    ("compose-other-directory", {"compose.yml": "services:\n  a:\n    build: ./a\n    command: x\n"}),
    ("compose-other-dockerfile",
     {"compose.yml": "services:\n  a:\n    build: {context: ., dockerfile: Dockerfile.a}\n    command: x\n"}),
    ("compose-earlier-stage",
     {"Dockerfile": "FROM a AS Base\nFROM base AS app\n",
      "compose.yml": "services:\n  a:\n    build: {context: ., target: base}\n    command: x\n"}),
    ("script-earlier-stage",
     {"Dockerfile": "FROM a\nFROM b\n",
      "run.sh": "#!/bin/sh\ndocker build --target 0 -t tools .\ndocker run tools x\n"}),
    ("compose-in-subdirectory", {"sub/compose.yml": "services:\n  a:\n    build: .\n    command: x\n"}),
    ("compose-empty-command", {"compose.yml": "services:\n  a:\n    build: .\n    command: []\n"}),
    ("compose-no-healthcheck",
     {"compose.yml": "services:\n  a:\n    build: .\n    healthcheck: {test: [NONE]}\n"}),
    ("compose-malformed", {"compose.yml": "services: [\n"}),
    ("steps-of-wrong-types", {"ci.yml": "steps:\n- docker run other sh\n- [name, a]\n- {name: a, [b]: docker}\n"}),
    ("compose-wrong-types", {"compose.yml": "services:\n  - a\n  b: 3\n"}),
    ("kubernetes-official-image", {"k8s.yml": POD.format(image="redis:7")}),
    ("kubernetes-no-command", {"k8s.yml": "containers:\n- image: x/app\n"}),
    ("kubernetes-wrong-types", {"k8s.yml": "containers: 3\n---\ncontainers:\n- 1\n- [2]\n- image: [a]\n"}),
    ("make-other-image", {"Makefile": "lint:\n\tdocker run --rm golangci/golangci-lint golangci-lint run\n"}),
    ("make-default-command", {"Makefile": "run:\n\tdocker run -it -p 80:80 app\n"}),
    ("make-options-in-a-variable", {"Makefile": "run:\n\tdocker run $(MOUNTS) -e A image sh\n"}),
    ("make-unclosed-quote", {"Makefile": "run:\n\tdocker run app 'sh\n"}),
    ("other-dockerfiles-tag",
     {"Makefile": "a:\n\tdocker build -t worker -f Dockerfile.worker .\n\tdocker run worker sh\n"}),
    ("script-of-another-language", {"scripts/test": "#!/usr/bin/env python3\n# docker run app sh\n"}),
    ("script-other-image", {"scripts/test": "#!/bin/sh\ndocker run redis redis-cli\n"}),
    ("text-without-a-first-line", {"NOTES": "docker run app sh\n"}),
    ("readme-prose", {"README.md": "Type docker run app sh\n"}),
    ("readme-placeholder", {"README.md": "```\ndocker run app <command>\ndocker run app [OPTIONS]\n```\n"}),
    ("readme-of-development",
     {"compose.yml": "services:\n  app:\n    build: .\n",
      "README.md": "    docker exec app npm test\n    docker-compose run app npm install\n"}),
    ("readme-other-image", {"README.md": "    docker run redis redis-cli\n"}),
    ("readme-compose-function", {"README.md": "    docker compose run app x\n"}),
    ("kubernetes-image-of-a-publisher", {"a.yml": POD.format(image="prom/node-exporter")}),
    ("kubernetes-image-of-another-dockerfile",
     {"a.yml": POD.format(image="me/shop-mail"), "mail/Dockerfile": "FROM a\n"}),
    ("kubernetes-image-of-another-build",
     {"a.yml": POD.format(image="me/other"), "Makefile": "a:\n\tdocker build -t me/other other\n"}),
    ("kubernetes-image-of-a-trigger", {"a.yml": POD.format(image="' '")}),
    ("kubernetes-beside-the-image",
     {"a.yml": "containers:\n- image: me/app\n- image: me/other\n  command: [x]\n"}),
    ("compose-mirror", {"compose.yml": IMAGE.format("$MIRROR/library/postgres:14")}),
    ("compose-default-of-a-variable", {"compose.yml": IMAGE.format("${DB:-postgres:14}")}),
    ("compose-extends-another", {"compose.yml": SERVICE.replace(" .", " a") + "  t:\n    extends: web\n    command: x\n"}),
    ("compose-extends-itself", {"compose.yml": "services:\n  t:\n    extends: t\n    command: x\n"}),
    ("compose-beside-the-image", {"compose.yml": IMAGE.format("me/mail") + "  w:\n    build: .\n"}),
    ("compose-image-of-another-service",
     {"compose.prod.yml": IMAGE.format("me/w"),
      "compose.yml": "services:\n  w:\n    build: ./w\n    image: me/w\n"}),
    ("procfile", {"Procfile": "web: gunicorn app\n"}),  # for the image of a buildpack
    ("exec-in-a-variable", {"Makefile": "a:\n\tdocker exec -it $(ID) bash\n"}),
    ("printed", {"a.sh": "echo 'docker run app x'\n"}),
    ("entrypoint-of-another", {"a.sh": "docker run --entrypoint app redis x\n"}),
    ("other-container", {"a.sh": "docker run --name c1 redis\ndocker exec c1 x\n"}),
    ("values-without-chart", {"app/values.yaml": "image: app\ncommand: [a]\n"}),
    ("values-no-command", {"app/Chart.yaml": "name: app\n", "app/values.yaml": "image: app\nargs: []\n"}),
    ("vendored", {"vendor/x/Makefile": "a:\n\tdocker run app sh\n"}),
]  # fmt: skip


@pytest.mark.parametrize("files", [pytest.param(row[1], id=row[0]) for row in NOOP])
def test_no_commands(tmp_path: Path, files: dict[str, str]) -> None:
    assert image_uses(lay(tmp_path, files)).commands == ()


# (id, files, (text, file, line, entrypoint) of each command)
HIT: list[tuple[str, dict[str, str], list[tuple[str, str, int, bool]]]] = [
    ("not-sent-to-the-builder",
     {".dockerignore": "*.yml\n", "docker-compose.yml": SERVICE + "    command: x\n"},
     [("x", "docker-compose.yml", 4, False)]),
    ("compose-string", {"docker-compose.yml": SERVICE + '    command: npm run "worker 1"\n'},
     [("npm run 'worker 1'", "docker-compose.yml", 4, False)]),
    ("compose-last-stage",
     {"Dockerfile": "FROM a AS base\nFROM base AS app\n",
      "compose.yml": "services:\n  a:\n    build: {context: ., target: app}\n    command: x\n"},
     [("x", "compose.yml", 4, False)]),
    ("compose-override",
     {"compose.yml": SERVICE, "compose.dev.yml": "services:\n  web:\n    command: npm run dev\n"},
     [("npm run dev", "compose.dev.yml", 3, False)]),
    ("compose-list", {"compose.yaml": SERVICE + "    command:\n      - sh\n      - -c\n      - echo $$A\n"},
     [("sh -c 'echo $A'", "compose.yaml", 5, False)]),
    ("compose-entrypoint", {"compose.yml": SERVICE + "    entrypoint: /e.sh\n    command: [a, b]\n"},
     [("/e.sh a b", "compose.yml", 4, True)]),
    ("compose-health", {"compose.yml": SERVICE + "    healthcheck:\n      test: curl -f x || exit 1\n"},
     [("curl -f x || exit 1", "compose.yml", 5, True)]),
    ("compose-health-list", {"compose.yml": SERVICE + "    healthcheck: {test: [CMD, curl, x]}\n"},
     [("curl x", "compose.yml", 4, True)]),
    ("compose-health-shell", {"compose.yml": SERVICE + "    healthcheck: {test: [CMD-SHELL, curl x]}\n"},
     [("curl x", "compose.yml", 4, True)]),
    ("compose-same-image",
     {"compose.yml": SERVICE + "    image: me/web\n  worker:\n    image: me/web\n    command: celery\n"},
     [("celery", "compose.yml", 7, False)]),
    ("compose-extends", {"compose.yml": SERVICE + "  t:\n    extends: web\n    command: x\n"},
     [("x", "compose.yml", 6, False)]),
    ("compose-extends-twice",
     {"compose.yml": SERVICE + "  t:\n    extends: {service: web}\n    command: x\n  u: {extends: t}\n",
      "a.sh": "docker compose run u y\n"},
     [("y", "a.sh", 1, False), ("x", "compose.yml", 6, False)]),
    ("compose-extends-a-file",
     {"common.yml": SERVICE, "compose.yml": "services:\n  t:\n    extends: {file: common.yml, service: web}\n"
      "    healthcheck: {test: curl x}\n"},
     [("curl x", "compose.yml", 4, True)]),
    ("compose-merge",
     {"compose.yml": "x-base: &b\n  build: .\n  command: a\nservices:\n  w:\n"
      "    <<: *b\n  v:\n    <<: [*b]\n    command: c\n"},
     [("a", "compose.yml", 3, False), ("c", "compose.yml", 9, False)]),
    ("compose-from-below",
     {"deploy/compose.yml": "services:\n  a:\n    build: {context: ..}\n    command: x\n"},
     [("x", "deploy/compose.yml", 4, False)]),
    ("compose-version-1", {"docker-compose.yml": "web:\n  build: .\n  command: x\n"},
     [("x", "docker-compose.yml", 3, False)]),
    ("compose-of-a-built-tag",
     {"compose.yml": IMAGE.format("r.example/me/x:1"), BUILT: "a: {run: docker build -t me/x .}\n"},
     [("x", "compose.yml", 4, False)]),
    ("compose-image-in-a-variable", {"compose.yml": IMAGE.format("${TAG}")},
     [("x", "compose.yml", 4, False)]),
    ("compose-variable-beside-the-image", {"compose.yml": IMAGE.format("$TAG") + "  w:\n    build: .\n"},
     [("x", "compose.yml", 4, False)]),
    ("compose-image-that-nothing-builds", {"compose.yml": IMAGE.format("me/x")},
     [("x", "compose.yml", 4, False)]),
    ("compose-image-overridden",
     {"compose.yml": IMAGE.format("me/x"), "compose.dev.yml": "services:\n  a:\n    command: y\n"},
     [("y", "compose.dev.yml", 3, False), ("x", "compose.yml", 4, False)]),
    ("compose-run-of-an-image",
     {"compose.yml": "services:\n  a:\n    image: $TAG\n", "a.sh": "docker compose exec a y\n"},
     [("y", "a.sh", 1, True)]),
    ("kubernetes-image-that-nothing-builds", {"a.yml": POD.format(image="me/other")},
     [("python worker.py", "a.yml", 5, True)]),
    ("kubernetes-by-directory", {"k8s/a.yml": POD.format(image="reg.io/me/app:1")},
     [("python worker.py", "k8s/a.yml", 5, True)]),
    ("kubernetes-by-package", {"a.yml": POD.format(image="x"), "package.json": '{"name": "@me/x"}'},
     [("python worker.py", "a.yml", 5, True)]),
    ("kubernetes-by-module", {"a.yml": POD.format(image="x/tool"), "go.mod": "module a.b/tool/v2\n"},
     [("python worker.py", "a.yml", 5, True)]),
    ("kubernetes-args", {"a.yml": "containers:\n- image: me/app\n  args: [serve]\n"},
     [("serve", "a.yml", 3, False)]),
    ("kubernetes-probes-and-hooks",
     {"a.yml": "initContainers:\n- image: me/app\n  command: [a]\n  args: [b]\n  livenessProbe:\n    exec:\n"
      "      command: [c]\n  lifecycle:\n    preStop:\n      exec: {command: [d]}\n"},
     [("a b", "a.yml", 3, True), ("c", "a.yml", 7, True),
      ("d", "a.yml", 10, True)]),
    ("helm", {"chart/templates/d.yaml": "{{- if .Values.x }}\nspec:\n  containers:\n"
      "  - image: \"{{ .Values.image }}:1\"\n"
      "    command: [sh, -c, \"run {{ .Values.y }}\"]\n{{- end }}\n"},
     [("sh -c 'run $TEMPLATE'", "chart/templates/d.yaml", 5, True)]),
    ("helm-values",
     {"deploy/app/Chart.yaml": "name: app\n", "deploy/app/values.yaml": "image:\n  repository: r.example/x\n"
      "command: [a, b]\nredis:\n  image: {repository: bitnami/redis}\n  args: [c]\nworker:\n"
      "  image: {repository: r/app}\n  args:\n  - d\n"},
     [("a b", "deploy/app/values.yaml", 3, True),
      ("d", "deploy/app/values.yaml", 10, False)]),
    ("bake-tag",
     {"docker-bake.hcl": 'target "web" {\n  tags = ["r.example/web:1"]\n}\n',
      "k.yml": POD.format(image="r/web")},
     [("python worker.py", "k.yml", 5, True)]),
    ("readme",
     {"README.md": "# App\n```sh\n$ docker build -t me/site .\n"
      "$ docker run me/site \\\n    ./site migrate\n```\n"
      "Or `docker run --rm site check` or\n\n    docker run site sh\n"},
     [("./site migrate", "README.md", 4, False), ("check", "README.md", 7, False),
      ("sh", "README.md", 9, False)]),
    ("make-run", {"Makefile": "a:\n\t@docker run -it -e A=1 -v $(PWD):/x --name n app npm test && echo\n"},
     [("npm test", "Makefile", 2, False)]),
    ("make-function-without-a-caller",
     {"Makefile": "S ?= app\ndefine inside\n\t@docker run --rm --entrypoint=make $(S) \\\n\t\t$(1)\nendef\n"},
     [("make '$UNKNOWN'", "Makefile", 5, True)]),
    ("make-built-tag",
     {"Makefile": "a:\n\tdocker build -t me/$(N):$(V) .\n\tdocker run \\\n"
      "\t  me/$(N):$(V) \\\n\t  sh -c 'a b'; x\n"},
     [("sh -c 'a b'", "Makefile", 3, False)]),
    ("compose-run",
     {"compose.yml": SERVICE, "Makefile": "a:\n\tdocker compose run --rm web ./manage.py migrate\n"},
     [("./manage.py migrate", "Makefile", 2, False)]),
    ("script-without-an-ending", {"scripts/test": "#!/usr/bin/env bash\ndocker build -t x .\n"
      "docker run --rm x go test ./...  | tee log\n"},
     [("go test ./...", "scripts/test", 3, False)]),
    ("script", {"ci.sh": "#!/bin/sh\ndocker run app sh -c 'make lint'\n"},
     [("sh -c 'make lint'", "ci.sh", 2, False)]),
    ("entrypoint",
     {"Makefile": "check:\n\tdocker build -t a .\n\tdocker run --rm --entrypoint git a --version\n"},
     [("git --version", "Makefile", 3, True)]),
    ("entrypoint-alone", {"a.sh": "docker run --entrypoint=/bin/x app\n"}, [("/bin/x", "a.sh", 1, True)]),
    ("no-entrypoint", {"a.sh": "docker run --entrypoint '' app x\n"}, [("x", "a.sh", 1, True)]),
    ("options-of-the-entrypoint", {"a.sh": "docker run app --version\n"}, [("--version", "a.sh", 1, False)]),
    ("variables", {"a.sh": "IMAGE=app\nCMD='x y'\nrun='sudo docker run --rm'\n$run \"$IMAGE\" $CMD\n"},
     [("x y", "a.sh", 4, False)]),
    ("variables-of-make",
     {"Makefile": "N ?= app\nRUN = docker run -v $(PWD):/x\nOPTS = -e A=1\na:\n\t$(RUN) $(OPTS) $(N):1 x\n"},
     [("x", "Makefile", 5, False)]),
    ("options-in-a-variable", {"a.sh": "docker run $OPTS --rm app x\n"}, [("x", "a.sh", 1, False)]),
    ("function",
     {"a.sh": "in_image() {\n  docker run --rm app \"$@\"\n}\nif true; then in_image x 'y z'; fi\n"},
     [("x 'y z'", "a.sh", 2, False)]),
    ("function-of-another-file",
     {"a.sh": "# docker\ncd \"$(dirname \"$0\")\"\n. lib/b.sh\nin_image x\n",
      "lib/b.sh": "in_image() { docker run app \"$1\"; }\n"},
     [("x", "lib/b.sh", 1, False)]),
    ("function-for-users", {"a.sh": "t() { docker run app x; }\n\"$@\"\n"}, [("x", "a.sh", 1, False)]),
    ("not-readable-as-a-whole", {"a.sh": "if (\ndocker run app x | y\n"}, [("x", "a.sh", 2, False)]),
    ("remote", {"a.sh": "ssh host <<EOF\ndocker run app x\nEOF\n"}, [("x", "a.sh", 2, False)]),
    ("container",
     {"a.sh": "docker run -d --name c1 app\ndocker exec -u root c1 x\n"
      "ID=$(docker run -d app)\ndocker exec $ID y\n"},
     [("x", "a.sh", 2, True), ("y", "a.sh", 4, True)]),
    ("engines",
     {"a.sh": "podman container run app x\nnerdctl --context a run app y\n"
      "docker compose -f a.yml exec -T app z\n"},
     [("x", "a.sh", 1, False), ("y", "a.sh", 2, False), ("z", "a.sh", 3, True)]),
    ("jenkinsfile", {"Jenkinsfile": "node { sh 'docker run app x' }\n"}, [("x", "Jenkinsfile", 1, False)]),
    ("readme-with-programs-of-the-system",
     {"README.md": "    docker exec -it app sh\n    docker compose exec app psql -l\n    docker exec redis sh\n"},
     [("sh", "README.md", 1, True), ("psql -l", "README.md", 2, True)]),
    ("readme-with-a-container-of-the-image",
     {"README.md": "    docker run -d --name shop app\n    docker exec shop npm run seed\n    docker exec app y\n"},
     [("npm run seed", "README.md", 2, True)]),
    ("name-of-a-container",
     {"compose.yml": "services:\n  web:\n    build: .\n    container_name: shop_web\n",
      "Makefile": "a:\n\tdocker exec -it shop_web x\n"},
     [("x", "Makefile", 2, True)]),
    ("readme-with-variables",
     {"README.md": "    IMAGE=app\n    $ docker run $IMAGE x\n"}, [("x", "README.md", 2, False)]),
    ("workflow", {".github/workflows/ci.yml": "jobs:\n"
      "  a:\n    steps:\n    - run: docker run -e A=${{ env.B }} app pytest -q\n"},
     [("pytest -q", ".github/workflows/ci.yml", 4, False)]),
]  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), [pytest.param(*row[1:], id=row[0]) for row in HIT])
def test_commands(tmp_path: Path, files: dict[str, str], expected: list[tuple[str, str, int, bool]]) -> None:
    found = image_uses(lay(tmp_path, files)).commands
    assert [(item.text, item.file, item.line, item.entrypoint) for item in found] == expected


def test_bind_mounts(tmp_path: Path) -> None:
    bind = "{type: bind, source: ., target: /d}"
    volumes = f"[data:/data, '..:/app:ro', ./x.sh:/x.sh, /etc/hosts:/h, ../..:/up, {bind}]"
    text = f"services:\n  a:\n    build: ..\n    command: x\n    volumes: {volumes}\n"
    (found,) = image_uses(lay(tmp_path, {"deploy/compose.yml": text})).commands
    assert found.mounts == ((".", "/app"), ("deploy/x.sh", "/x.sh"), ("deploy", "/d"))


def test_what_docker_run_mounts_and_sets(tmp_path: Path) -> None:
    text = "docker run -v $PWD/data:/d -v /etc:/e -v cache:/c -e A=1 -e B -e C=$X -w /srv app x\n"
    (found,) = image_uses(lay(tmp_path, {"run.sh": text})).commands
    assert (found.mounts, found.env, found.cwd) == ((("data", "/d"),), (("A", "1"),), "/srv")


def test_what_a_service_sets(tmp_path: Path) -> None:
    text = "    command: x\n    working_dir: /srv\n    environment: {A: '1', B: , C: $X}\n"
    (found,) = image_uses(lay(tmp_path, {"compose.yml": SERVICE + text})).commands
    assert (found.env, found.cwd) == ((("A", "1"),), "/srv")


def test_second_dockerfile_of_a_context(tmp_path: Path) -> None:
    text = "services:\n  a:\n    build: {context: ., dockerfile: docker/W.Dockerfile}\n    command: x\n"
    context = lay(tmp_path, {"compose.yml": text})
    assert [item.text for item in image_uses(context, "docker/W.Dockerfile").commands] == ["x"]


def test_no_context() -> None:
    assert image_uses(Context.empty()).commands == ()


def test_aliases_and_nesting_are_bounded(tmp_path: Path) -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    merges = "m0: &m0 {containers: [{image: me/app, command: [x]}]}\n" + "".join(
        f"m{n}: &m{n} {{<<: [*m{n - 1}, *m{n - 1}]}}\n" for n in range(1, 30)
    )
    deep = "containers:\n- image: a/b\n  command: " + "[" * 20_000
    started = time.process_time()
    image_uses(lay(tmp_path, {"a.yml": bomb + "containers: *a59\n", "b.yml": merges, "c.yml": deep}))
    assert time.process_time() - started < 5 * slowness()


ABOVE = (
    "services:\n  web:\n    build: {build}\n    command: sh\n    volumes: [./app/run:/run/a, ./other:/o]\n"
)
# (id, files by their path from the repository, the texts and files of the commands)
REPOSITORY: list[tuple[str, dict[str, str], list[tuple[str, str]]]] = [
    ("no-repository", {"compose.yml": ABOVE.format(build="./app")}, [("sh", "../compose.yml")]),
    ("no-repository-of-it", {"compose.yml": ABOVE.format(build="./api")}, []),
    ("nothing", {".git/HEAD": ""}, []),
    ("another-directory", {".git/HEAD": "", "compose.yml": ABOVE.format(build="./api")}, []),
    (
        "another-file",
        {".git/HEAD": "", "compose.yml": ABOVE.format(build="{context: app, dockerfile: D}")},
        [],
    ),
    ("compose", {".git/HEAD": "", "compose.yml": ABOVE.format(build="./app")}, [("sh", "../compose.yml")]),
    (
        "compose-aside",
        {".git/HEAD": "", "deploy/compose.yml": ABOVE.format(build="../app")},
        [("sh", "../deploy/compose.yml")],
    ),
    (
        "makefile",
        {
            ".git/HEAD": "",
            "Makefile": "a:\n\tdocker build -t x -f app/Dockerfile app\n\tdocker run x sh -c y\n",
        },
        [("sh -c y", "../Makefile")],
    ),
    (
        "makefile-of-another",
        {".git/HEAD": "", "Makefile": "a:\n\tdocker build -t x api\n\tdocker run x sh -c y\n"},
        [],
    ),
    (
        "kubernetes",
        {".git/HEAD": "", "ops/pod.yml": POD.format(image="r.example.org/app:1")},
        [("python worker.py", "../ops/pod.yml")],
    ),
    (
        "kubernetes-by-the-name-of-a-build",
        {
            ".git/HEAD": "",
            ".gitlab-ci.yml": "b:\n  script:\n  - docker build -t r/shop:1 app\n",
            "ops/pod.yml": POD.format(image="r/shop:2"),
        },
        [("python worker.py", "../ops/pod.yml")],
    ),
]


def test_a_workflow_names_the_image(tmp_path: Path) -> None:
    above = {
        "../.git/HEAD": "",
        "../.github/workflows/a.yml": ACTION.format("./app"),
        "../ops/pod.yml": POD.format(image="r.example.org/shop:1"),
    }
    found = image_uses(lay(tmp_path, {"Dockerfile": "", **above})).commands
    assert [c.text for c in found] == ["python worker.py"]


@pytest.mark.parametrize(("files", "expected"), [pytest.param(*row[1:], id=row[0]) for row in REPOSITORY])
def test_above_the_context(tmp_path: Path, files: dict[str, str], expected: list[tuple[str, str]]) -> None:
    context = lay(tmp_path, {"Dockerfile": "", **{f"../{name}": text for name, text in files.items()}})
    found = image_uses(context).commands
    assert [(c.text, c.file) for c in found] == expected
    assert all(
        c.mounts == (("run", "/run/a"),)
        for c in found
        if c.file.endswith("/compose.yml") and "/deploy" not in c.file
    )


BUILD = "b:\n\tdocker build -t r/base:1 .\n"
# Files of the repository, and where another Dockerfile starts from the image of app/Dockerfile.
BASES: list[tuple[str, dict[str, str], list[tuple[str, int]]]] = [
    ("not-built", {"app/Dockerfile.web": "FROM r/base\n"}, []),
    ("other-image", {"app/Makefile": BUILD, "app/Dockerfile.web": "FROM other/base:1\nFROM $BASE\n"}, []),
    ("own-stage", {"app/Makefile": BUILD, "app/Dockerfile": "FROM debian AS r/base\nFROM r/base\n"}, []),
    ("no-dockerfile", {"app/Makefile": BUILD, "app/a.txt": "FROM r/base\n"}, []),
    ("beside", {"app/Makefile": BUILD, "app/Dockerfile.web": "# x\nfrom r/base:$V AS x\n"}, [("Dockerfile.web", 2)]),
    ("above", {"ci.sh": "cd app && docker build -t r/base .", "Dockerfile": "FROM --platform=a r/base@sha256:1\n"},
     [("../Dockerfile", 1)]),
    ("not-searched", {"app/Makefile": BUILD, "vendor/x/Dockerfile": "FROM r/base\n", "a/b/c/d/e/Dockerfile": "FROM r/base\n"}, []),
    ("in-other-directories", {"app/Makefile": BUILD, "services/web/Dockerfile": "FROM r/base\n", ".devcontainer/Dockerfile": "FROM r/base\n"},
     [("../.devcontainer/Dockerfile", 1), ("../services/web/Dockerfile", 1)]),
    ("in-a-document", {"app/Makefile": BUILD, "README.md": "Start FROM r/base\n\n```\nFROM r/base:1 AS x\nFROM other\n```\n"},
     [("../README.md", 4)]),
    ("in-a-sentence", {"app/Makefile": BUILD, "README.md": "FROM r/base you start\n"}, []),
    ("second-name", {"app/a.sh": "docker build -t x .; docker tag x:latest h:5000/y:$(date)", "Dockerfile": "FROM h:5000/y\n"},
     [("../Dockerfile", 1)]),
    ("tag-of-an-official-image", {"a.sh": "docker build -t golang:shop app", "app/Dockerfile.web": "FROM golang\n", "Dockerfile": "FROM golang:shop\n"},
     [("../Dockerfile", 1)]),
    ("from-the-directory-of-its-makefile", {"box/Makefile": "b:\n\tdocker build -f Dockerfile -t r/box ..\n", "box/Dockerfile": "FROM debian\n", "box/Dockerfile.web": "FROM r/box\n"}, []),
    ("place-of-ci", {".circleci/config.yml": "a:\n- run: cd /home/circleci/project/app && docker build -t x .\n", "Dockerfile": "FROM x"},
     [("../Dockerfile", 1)]),
]  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), [pytest.param(*row[1:], id=row[0]) for row in BASES])
def test_dockerfiles_that_start_from_the_image(
    tmp_path: Path, files: dict[str, str], expected: list[tuple[str, int]]
) -> None:
    above = {f"../{name}": text for name, text in files.items()}
    context = lay(tmp_path, {"Dockerfile": "FROM debian\n", "../.git/HEAD": "", **above})
    assert [(use.file, use.line) for use in image_uses(context).bases] == expected


ACTION = (
    "jobs:\n  a:\n    steps:\n    - uses: docker/build-push-action@v6\n      with:\n        context: {0}\n"
    "        tags: r.example.org/shop:${{{{ github.sha }}}}\n        build-args: |\n          A=3.11\n"
)
TAGS = (
    "jobs:\n  a:\n    steps:\n    - uses: docker/build-push-action@v6\n      with:\n        tags: |\n"
    "          r.example.org/shop:${{ github.ref == 'x/main' && 'latest' || 'dev' }}\n"
)
DEVELOPS = (
    "services:\n  container:\n    build: {context: ., dockerfile: ./Dockerfile}\n"
    "    healthcheck: {test: [CMD, make, check]}\n  main:\n    command: make all\n    build: .\n"
)


def test_names_in_a_workflow_are_those_of_the_image_alone(tmp_path: Path) -> None:
    """Tags on several lines and words of expressions name no services of other Dockerfiles."""
    files = {
        "Dockerfile": "FROM debian\n",
        ".github/workflows/a.yml": TAGS,
        ".devcontainer/Dockerfile": "FROM ubuntu\n",
        ".devcontainer/compose.yaml": DEVELOPS,
        ".devcontainer/devcontainer.json": '{"dockerComposeFile": "compose.yaml", "service": "container"}',
        "compose.yml": "services:\n  web:\n    image: r.example.org/shop\n    command: serve\n",
    }
    uses = image_uses(lay(tmp_path, files))
    assert ([command.text for command in uses.commands], uses.bases) == (["serve"], ())


BAKE = """variable "TAG" {{ default = "1" }}
target "common" {{
  args = {{ A = "3.11", B = "1" }}  # of all
}}
target "web" {{
  inherits = ["common"]
  context = "{0}"
  /* no "dockerfile" */
  args = {{
    B: "2"
    C = TAG
    D = "v${{TAG}}"
  }}
}}
"""
Passed = dict[str, tuple[str | None, ...]]
BUILD_ARGS = "services:\n  web:\n    build:\n      context: app\n      args: {args}\n"


@pytest.mark.parametrize(
    ("files", "passed"),
    [
        pytest.param({}, {}, id="none"),
        pytest.param({"compose.yml": BUILD_ARGS.format(args='{A: "3.11"}')}, {"A": ("3.11",)}, id="mapping"),
        pytest.param(
            {"compose.yml": BUILD_ARGS.format(args="[A=3.11, B]")}, {"A": ("3.11",), "B": (None,)}, id="list"
        ),
        pytest.param(
            {"compose.yml": BUILD_ARGS.format(args='{A: "${A:-1}"}')}, {"A": (None,)}, id="variable"
        ),
        pytest.param(
            {"compose.yml": BUILD_ARGS.format(args='{A: "${X:-1}"}'), ".env": "export X='3.6' # old\n"},
            {"A": ("3.6",)},
            id="of-the-environment-file",
        ),
        pytest.param(
            {"compose.yml": BUILD_ARGS.format(args='{A: "${X:-1}"}'), ".env": "Y=3.6\n"},
            {"A": (None,)},
            id="of-no-environment-file",
        ),
        pytest.param(
            {"Makefile": "a:\n\tdocker build --build-arg A=1 --build-arg=B=2 app\n"},
            {"A": ("1",), "B": ("2",)},
            id="make",
        ),
        pytest.param({"Makefile": "a:\n\tdocker build --build-arg A=1 api\n"}, {}, id="another-image"),
        pytest.param(
            {"docker-bake.hcl": BAKE.format("app")}, {"A": ("3.11",), "B": ("2",), "D": (None,)}, id="bake"
        ),
        pytest.param({"docker-bake.hcl": BAKE.format("api")}, {}, id="bake-of-another"),
        pytest.param(
            {"docker-bake.json": '{"target": {"a": {"context": "app", "args": {"A": "1", "B": null}}}}'},
            {"A": ("1",)},
            id="bake-json",
        ),
        pytest.param({".github/workflows/a.yml": ACTION.format("app")}, {"A": ("3.11",)}, id="workflow"),
        pytest.param({".github/workflows/a.yml": ACTION.format(".")}, {}, id="workflow-of-another"),
        pytest.param(
            {
                "compose.yml": BUILD_ARGS.format(args="[A=1]"),
                "x.mk": "a:\n\tdocker build --build-arg A=2 app\n",
            },
            {"A": ("1", "2")},
            id="they-differ",
        ),
    ],
)
def test_build_arguments(tmp_path: Path, files: dict[str, str], passed: Passed) -> None:
    above = {f"../{name}": text for name, text in {".git/HEAD": "", **files}.items()}
    assert image_uses(lay(tmp_path, {"Dockerfile": "", **above})).arguments == passed


MOUNTS = "services:\n  a:\n    build: .\n    volumes:\n"


@pytest.mark.parametrize(
    ("files", "mounted"),
    [
        pytest.param({"Makefile": "a:\n\tdocker run -d -v /data redis\n"}, [], id="another-image"),
        pytest.param({"compose.yml": MOUNTS + "    - /app/cache\n"}, [], id="without-a-source"),
        pytest.param(
            {"compose.yml": MOUNTS.replace(" .", " ./b") + "    - .:/app\n"}, [], id="another-service"
        ),
        pytest.param({"compose.yml": MOUNTS + "    - ${PWD:-.}:/app:ro\n"}, ["/app"], id="short"),
        pytest.param(
            {"compose.yml": MOUNTS + "    - {type: bind, source: ., target: /app}\n"}, ["/app"], id="long"
        ),
        pytest.param({"compose.yml": MOUNTS + "    - code:/app\n"}, ["/app"], id="named"),
        pytest.param(
            {"Makefile": "a:\n\tdocker run -v $(PWD):/src --mount type=bind,src=.,dst=/x app\n"},
            ["/src", "/x"],
            id="make",
        ),
        pytest.param({"README.md": "```\ndocker run -v $PWD:/src app\n```\n"}, ["/src"], id="documented"),
    ],
)
def test_directories_that_mounts_hide(tmp_path: Path, files: dict[str, str], mounted: list[str]) -> None:
    assert [use.name for use in image_uses(lay(tmp_path, {"Dockerfile": "", **files})).mounts] == mounted
