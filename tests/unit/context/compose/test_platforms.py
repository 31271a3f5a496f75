# ruff: noqa: E501 - files of repositories as people write them

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from slimify.analysis.repository.run_commands import ImageUses, image_uses
from slimify.context.scan import scan
from slimify.facts.platforms import is_platform_file, platform_files

WORKFLOW = ".github/workflows/a.yml"
JOB = "jobs:\n  t:\n    container: {}\n    steps:\n    - run: make test\n"
AGENT = "pipeline {{\n  agent {{ {} }}\n  stages {{ stage('a') {{ steps {{ sh 'make test' }} }} }}\n}}\n"
TASK = '{{"containerDefinitions": [{{"image": "{}", "command": ["a", "b c"], "healthCheck": {{"command": ["CMD-SHELL", "curl -f x"]}}}}]}}'


def uses(root: Path, files: Mapping[str, str], dockerfile: str = "Dockerfile") -> ImageUses:
    for name, text in files.items():
        (root / "app" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "app" / name).write_text(text)
    return image_uses(scan(root / "app"), dockerfile)


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({WORKFLOW: JOB.format("node:20")}, id="github-official-image"),
        pytest.param({WORKFLOW: JOB.format("acme/ci")}, id="github-another-image"),
        pytest.param({WORKFLOW: JOB.format("{image: '${{ matrix.image || 1 }}'}").replace("run", "x")}, id="github-no-commands"),
        pytest.param({WORKFLOW: JOB.format("{").replace("run", "x")}, id="github-malformed"),
        pytest.param({".gitlab-ci.yml": "image: python:3\nt:\n  script: [make]\n"}, id="gitlab-official-image"),
        pytest.param({".gitlab-ci.yml": "t:\n  script: [make]\n"}, id="gitlab-no-image"),
        pytest.param({".gitlab-ci.yml": "variables: {A: 'acme/tool', I: {value: 'go/lint'}}\nt: {image: $A, script: [make]}\nu: {image: '${I}:1', script: [x]}\n"}, id="gitlab-variables"),
        pytest.param({WORKFLOW: JOB.format("${{ matrix.image }}")}, id="github-matrix"),
        pytest.param({"Jenkinsfile": AGENT.format("any")}, id="jenkins-host"),
        pytest.param({"Jenkinsfile": AGENT.format("docker { image 'node:20' }")}, id="jenkins-image"),
        pytest.param({"Jenkinsfile": AGENT.format("dockerfile { filename 'ci.Dockerfile' }")}, id="jenkins-another-file"),
        pytest.param({"Jenkinsfile": AGENT.format("any") + "docker.build('me/app').push()"}, id="jenkins-only-builds"),
        pytest.param({"railway.json": '{"build": {"builder": "NIXPACKS"}, "deploy": {"startCommand": "x"}}'}, id="railway-buildpack"),
        pytest.param({"render.yaml": "services:\n- runtime: python\n  preDeployCommand: x\n"}, id="render-native"),
        pytest.param({"heroku.yml": "build: {docker: {web: web/Dockerfile}}\nrun: {web: x}\n"}, id="heroku-another-file"),
        pytest.param({"app.json": '{"scripts": {"postdeploy": "x"}}'}, id="heroku-buildpack"),
        pytest.param({"deploy/fly/a/fly.toml": '[deploy]\nrelease_command = "x"\n'}, id="fly-elsewhere"),
        pytest.param({"fly.toml": "[deploy\n"}, id="fly-malformed"),
        pytest.param({"fly.toml": "[experimental]\ncmd = []\nexec = []\n"}, id="fly-empty-list"),
        pytest.param({"fly.toml": '[processes]\nweb = ""\n'}, id="fly-empty-text"),
        pytest.param({"task-definition.json": TASK.format("amazon/aws-xray-daemon")}, id="ecs-public-image"),
        pytest.param(
            {"ecs.json": '{"containerDefinitions": [{"image": "1.dkr.ecr.eu-west-1.amazonaws.com/any", "command": null}]}'},
            id="ecs-not-set",
        ),
        pytest.param({".devcontainer/devcontainer.json": '{"image": "mcr.microsoft.com/devcontainers/go", "postCreateCommand": "x"}'}, id="development-public-image"),
        pytest.param({".devcontainer/devcontainer.json": '{"build": {"dockerfile": "Dockerfile"}, "postCreateCommand": "x"}', ".devcontainer/Dockerfile": "FROM a"}, id="development-another-file"),
    ],
)  # fmt: skip
def test_no_commands(tmp_path: Path, files: dict[str, str]) -> None:
    found = uses(tmp_path, files)
    assert (found.commands, found.bases) == ((), ())


# (id, files, (text, line) of each command)
HIT: list[tuple[str, dict[str, str], list[tuple[str, int]]]] = [
    ("github", {WORKFLOW: JOB.format("ghcr.io/me/app:1")}, [("make test", 5)]),
    ("github-of-a-built-tag",
     {WORKFLOW: JOB.format("me/x") + "  b:\n    steps: [{uses: docker/build-push-action@v6, with: {tags: me/x}}]\n"},
     [("make test", 5)]),
    ("github-variable", {WORKFLOW: JOB.format("{image: '${{ needs.b.outputs.x }}'}")}, [("make test", 5)]),
    ("gitlab", {".gitlab-ci.yml": "t:\n  image: $CI_REGISTRY_IMAGE:x\n  script:\n  - make test\n  - git diff\n"},
     [("make test\ngit diff", 4)]),
    ("gitlab-default", {".gitlab-ci.yml": "default: {image: {name: $I}}\nt:\n  script: |\n    make\n"}, [("make\n", 4)]),
    ("gitlab-variable", {".gitlab-ci.yml": "t:\n  variables: {IMAGE: $CI_REGISTRY_IMAGE/app, X: other}\n  image: $IMAGE:1\n  script: [x]\n"}, [("x", 4)]),
    ("circleci", {".circleci/config.yml": "jobs:\n  a:\n    docker: [{image: me/app}]\n    steps:\n    - run: x\n    - run: {command: y}\n"},
     [("x", 5), ("y", 6)]),
    ("woodpecker", {".woodpecker.yml": "steps:\n- image: me/app\n  commands:\n  - x\n"}, [("x", 4)]),
    ("bitbucket", {"bitbucket-pipelines.yml": "image: me/app\npipelines:\n  default:\n  - step:\n      script:\n      - x\n"}, [("x", 6)]),
    ("azure", {"azure-pipelines.yml": "jobs:\n- container: {image: me/app}\n  steps:\n  - script: x\n"}, [("x", 4)]),
    ("jenkins-dockerfile", {"Jenkinsfile": AGENT.format("dockerfile true")}, [("make test", 3)]),
    ("jenkins-options", {"Jenkinsfile": AGENT.format("dockerfile { dir '.'; filename 'Dockerfile' }")}, [("make test", 3)]),
    ("jenkins-image", {"Jenkinsfile": AGENT.format("docker { label 'a'; image 'me/app:1' }")}, [("make test", 3)]),
    ("jenkins-inside", {"ci/Jenkinsfile": "docker.build('x').inside {\n  sh 'make'\n}\n"}, [("make", 2)]),
    ("fly", {"fly.toml": 'app = "x"\n[deploy]\n  release_command = "python manage.py migrate"\n[processes]\nweb = "a b"\n'},
     [("python manage.py migrate", 3), ("a b", 5)]),
    ("railway", {"railway.json": '{"deploy": {\n"startCommand": "sh run.sh"}}'}, [("sh run.sh", 2)]),
    ("render", {"render.yaml": "services:\n- env: docker\n  dockerCommand: ./x\n  preDeployCommand: y\n"}, [("./x", 3), ("y", 4)]),
    ("heroku", {"heroku.yml": "build:\n  docker: {web: Dockerfile}\nrun:\n  web: gunicorn x\n  w:\n    command:\n    - celery w\nrelease:\n  command: [./r.sh]\n"},
     [("gunicorn x", 4), ("celery w", 7), ("./r.sh", 9)]),
    ("heroku-app", {"app.json": '{"stack": "container", "scripts": {"postdeploy": "x"}}'}, [("x", 1)]),
    ("dokku", {"app.json": '{"scripts": {"dokku": {"predeploy": "x"}}}'}, [("x", 1)]),
    ("ecs", {"deploy/task-definition.json": TASK.format("1.dkr.ecr.eu-west-1.amazonaws.com/any:1")}, [("a 'b c'", 1), ("curl -f x", 1)]),
    ("ecs-entrypoint", {"ecs.json": TASK.format("any.dkr.ecr.eu-west-1.amazonaws.com/any").replace('"command": ["a', '"entryPoint": ["sh", "-c"], "command": ["a')},
     [("sh -c a 'b c'", 1), ("curl -f x", 1)]),
    ("beanstalk", {"Dockerrun.aws.json": '{"AWSEBDockerrunVersion": "1", "Command": "x"}'}, [("x", 1)]),
    ("kamal", {"config/deploy.yml": "image: me/any\nservers: {web: {cmd: bin/x}}\nhealthcheck:\n  cmd: curl y\n"}, [("bin/x", 2), ("curl y", 4)]),
    ("digitalocean", {".do/app.yaml": "workers:\n- dockerfile_path: Dockerfile\n  run_command: x\n"}, [("x", 3)]),
    ("cloud-foundry", {"manifest.yml": "applications:\n- docker: {image: me/app}\n  command: x\n"}, [("x", 3)]),
    ("chart-values", {"chart/Chart.yaml": "", "chart/values.yaml": "web:\n  image: {repository: me/app}\n  startupProbe: {exec: {command: [x, y z]}}\n"},
     [("x 'y z'", 3)]),
    ("app-engine", {"app.yaml": "runtime: custom\nentrypoint: x\n"}, [("x", 2)]),
    ("development", {".devcontainer/devcontainer.json": '{\n  // "image"\n\t"build": {"dockerfile": "../Dockerfile"},\n  "postCreateCommand": {"a": "make", "b": ["x", "y z"]},\n}\n'},
     [("make", 4), ("x 'y z'", 4)]),
]  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), [pytest.param(*row[1:], id=row[0]) for row in HIT])
def test_commands(tmp_path: Path, files: dict[str, str], expected: list[tuple[str, int]]) -> None:
    found = uses(tmp_path, files).commands
    assert [(item.text, item.line) for item in found] == expected


def test_a_job_runs_where_the_sources_are_mounted(tmp_path: Path) -> None:
    above = {"../.git/HEAD": "", f"../{WORKFLOW}": JOB.format("me/app")}
    (found,) = uses(tmp_path, {"Dockerfile": "", **above}).commands
    assert (found.mounts, found.cwd, found.entrypoint) == (((".", "/checkout/app"),), "/checkout", True)


def test_people_develop_in_a_development_container(tmp_path: Path) -> None:
    text = '{"build": {"dockerfile": "../Dockerfile"}}'
    (found,) = uses(tmp_path, {".devcontainer/devcontainer.json": text}).bases
    assert (found.file, found.line) == (".devcontainer/devcontainer.json", 1)


@pytest.mark.parametrize(("build", "number"), [(".", 1), ("./api", 0)])
def test_people_develop_in_a_service(tmp_path: Path, build: str, number: int) -> None:
    text = '{"dockerComposeFile": ["../compose.yml", "compose.yml"], "service": "api"}'
    files = {
        ".devcontainer/devcontainer.json": text,
        ".devcontainer/compose.yml": "services:\n  api:\n    command: sleep infinity\n",
        "compose.yml": f"services:\n  api:\n    build: {build}\n  web:\n    build: .\n",
    }
    assert len(uses(tmp_path, files).bases) == number


def test_every_row_has_a_command_above() -> None:
    paths = [path for _, files, _ in HIT for path in files]
    assert all(map(is_platform_file, (p for p in paths if "Jenkins" not in p)))
    assert [row.files for row in platform_files() if not any(map(row.describes, paths))] == []
