"""Elements: what stands around a context, and names what people and systems run in the image."""

# ruff: noqa: E501 - texts of generated files

from __future__ import annotations

import json
import posixpath
from random import Random

from tools.generator.elements.common import full, interpreter
from tools.generator.project import Project, Run, element
from tools.generator.simulation.probes import Probe, Program
from tools.generator.sources import filled, main_source


def second(p: Project, name: str, form: str, what: str, probe: Probe) -> tuple[str, list[str]]:
    """A further program with one need; its file and its command."""
    body = filled(p.language, form, {"what": what})
    file = {"python": f"{name}.py", "node": f"{name}.js"}[p.language]
    program = Program(name, p.language, [probe])
    p.script(file, program, main_source(p.language, [(probe.label, body)], title=name))
    return file, [interpreter(p), file]


@element("compose-command", "around", "python node")
def _compose(p: Project, random: Random) -> None:
    p.add("data/jobs.txt", "every day\n")
    _, command = second(p, "jobs", "read", "data/jobs.txt", Probe("jobs", "read", "data/jobs.txt"))
    p.compose("jobs", Run("compose", command), command=command)


@element(
    "compose-healthcheck",
    "around",
    fits=full,
)
def _compose_health(p: Project, random: Random) -> None:
    run = Run("healthcheck", ["curl", "--version"], entrypoint=[], reports=False)
    p.compose("app", run, healthcheck={"test": ["CMD", "curl", "-f", "http://localhost:8080/"]})


@element("compose-shell", "around", "go", fits=lambda p: "binary" in p.facts and "no-binary" not in p.facts)
def _compose_shell(p: Project, random: Random) -> None:
    """A shell that nothing but whoever starts the image asks for."""
    words = ["sh", "-c", f"exec {posixpath.normpath(p.path(p.facts['binary']))}"]
    p.compose("once", Run("once", words, entrypoint=[]), entrypoint=words)


@element(
    "kubernetes-probe",
    "around",
    weight=1,
    fits=full,
)
def _kubernetes(p: Project, random: Random) -> None:
    p.service = p.service or "service"
    p.outer["deploy/app.yaml"] = f"""apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
spec:
  selector:
    matchLabels: {{app: app}}
  template:
    metadata:
      labels: {{app: app}}
    spec:
      containers:
        - name: app
          image: {p.service}:latest
          livenessProbe:
            exec:
              command: ["git", "--version"]
"""
    p.runs.append(Run("probe", ["git", "--version"], entrypoint=[], reports=False))


@element("healthcheck", "around", fits=lambda p: full(p) and "health" not in p.facts)
def _health(p: Project, random: Random) -> None:
    p.facts["health"] = "yes"
    tool = random.choice(["curl", "wget"])
    p.line(
        "expose",
        random.choice(
            [
                f"HEALTHCHECK CMD {tool} --version || exit 1",
                f'HEALTHCHECK --interval=30s CMD ["{tool}", "--version"]',
            ]
        ),
    )
    p.runs.append(Run("healthcheck", [tool, "--version"], entrypoint=[], reports=False))


@element("ignore-rules", "around", weight=3)
def _ignored(p: Project, random: Random) -> None:
    p.ignore += random.choice(
        [[".git", "*.md"], ["**/*.log", "docs"], [".git", "Dockerfile", ".dockerignore"]]
    )
    if "README.md" not in p.files:
        p.add("README.md", "# app\n", application=False)
    p.add("docs/notes.txt", "notes\n", application=False)


@element("ignored-by-git", "around")
def _hidden(p: Project, random: Random) -> None:
    p.add(".gitignore", "local.json\n", application=False)
    p.add("settings/local.json", '{"secret": 1}\n')
    p.add("settings/base.json", '{"secret": 0}\n')
    p.hidden.add("settings/local.json")
    p.probe(random.choice(["read", "read-path"]), "settings/local.json")


@element(
    "docker-exec",
    "around",
    weight=1,
    fits=full,
)
def _exec(p: Project, random: Random) -> None:
    p.add(
        "Makefile" if "Makefile" not in p.files else "ops.mk",
        "check:\n\tdocker build -t app .\n\tdocker run --rm --entrypoint git app --version\n",
        application=False,
    )
    p.runs.append(Run("by-hand", ["--version"], entrypoint=["git"], reports=False))


@element("ignored-with-exception", "around", weight=2)
def _exception(p: Project, random: Random) -> None:
    p.add("media/keep.txt", "keep\n")
    p.add("media/raw.psd", "raw\n")
    p.ignore += ["media/*", "!media/keep.txt"]
    p.probe("list", "media")


@element("health-script", "around", weight=2, fits=lambda p: "health" not in p.facts)
def _health_script(p: Project, random: Random) -> None:
    p.facts["health"] = "yes"
    p.add("docker/health.sh", "#!/bin/sh\ntest -f /etc/health.conf\n", 0o755, application=False)
    p.line("after", "COPY docker/health.sh /usr/local/bin/health\nRUN echo ok > /etc/health.conf")
    p.line(
        "expose",
        random.choice(['HEALTHCHECK CMD ["health"]', "HEALTHCHECK --interval=5s CMD /usr/local/bin/health"]),
    )
    p.runs.append(Run("healthcheck", ["health"], entrypoint=[], reports=False))


# --- what people and systems run in the image


def _by_hand(p: Project, *words: str) -> None:
    """Somebody runs a command in the image, in place of its entry point."""
    p.runs.append(Run("by-hand", list(words[1:]), entrypoint=[words[0]], reports=False))


@element("script-of-image", "around", weight=2, fits=full)
def _script_of_image(p: Project, random: Random) -> None:
    tool = random.choice(["git", "curl", "wget"])
    name = random.choice(["scripts/try", "ops/smoke.sh", "bin/ci"])
    text = random.choice([
        f"#!/bin/sh\nset -e\ndocker build -t app .\ndocker run --rm --entrypoint {tool} app --version\n",
        f'#!/usr/bin/env bash\nIMAGE=app\ndocker build --tag "$IMAGE" .\ndocker run --rm --entrypoint={tool} "$IMAGE" --version\n',
        f"#!/bin/sh\ndocker build . -t app\ndocker run -d --name one app\ndocker exec one {tool} --version\n",
    ])  # fmt: skip
    p.add(name, text, 0o755, application=False)
    _by_hand(p, tool, "--version")


@element("workflow", "around", weight=2, fits=full)
def _workflow(p: Project, random: Random) -> None:
    p.service = p.service or "service"
    tool = random.choice(["git", "curl"])
    steps = random.choice([
        f"      - run: docker run --rm --entrypoint {tool} app:test --version\n",
        f"      - name: try\n        run: |\n          docker run -d --name one app:test\n          docker exec one {tool} --version\n",
    ])  # fmt: skip
    p.outer[".github/workflows/ci.yml"] = (
        f"on: push\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: docker build -t app:test {p.service}\n{steps}"
    )
    _by_hand(p, tool, "--version")


@element("makefile-above", "around", weight=1, fits=full)
def _makefile_above(p: Project, random: Random) -> None:
    p.service = p.service or "service"
    tool = random.choice(["git", "make"])
    if random.random() < 0.5:
        p.compose("app")
        text = f'define inside\n\tdocker-compose run --rm --entrypoint="$(1)" app --version\nendef\n\ncheck:\n\t$(call inside,{tool})\n'
    else:
        text = f"IMAGE = app\n\nimage:\n\tdocker build -t $(IMAGE) {p.service}\n\nsh: image\n\tdocker run --rm --entrypoint {tool} $(IMAGE) --version\n"
    p.outer["Makefile"] = text
    _by_hand(p, tool, "--version")


@element("documented", "around", weight=1, fits=full)
def _documented(p: Project, random: Random) -> None:
    use = random.choice([
        "docker run --rm --entrypoint curl app --version",
        "docker run -it -d --name one app\ndocker exec -it one curl --version",
        "docker run --detach --name=one app\ndocker exec one sh -c 'curl --version'",
        "docker compose up -d\ndocker compose exec app curl --version",
    ])  # fmt: skip
    if "compose" in use:
        p.compose("app")
    p.add("README.md", f"# app\n\n```sh\ndocker build -t app .\n{use}\n```\n", application=False)
    _by_hand(p, "curl", "--version")


@element("installs-by-itself", "around", "python", weight=1, fits=full)
def _installs_by_itself(p: Project, random: Random) -> None:
    """The program fetches plugins with git when somebody asks for one."""
    command = random.choice([
        'subprocess.check_call([sys.executable, "-m", "pip", "install", name])',
        'os.system("pip install " + name)',
        'subprocess.run(["pip", "install", f"git+https://example.org/{name}.git"], check=True)',
    ])  # fmt: skip
    p.head += f"\ndef plugin(name):\n    import os, subprocess, sys\n\n    {command}\n"
    _by_hand(p, "git", "--version")


@element("compose-environment", "around", weight=2)
def _compose_environment(p: Project, random: Random) -> None:
    p.add("conf/other.json", "{}\n")
    p.add("conf/plain.json", "[]\n")
    p.probe("read-named", "OTHER_CONFIG:conf/plain.json", variable="OTHER_CONFIG", default="conf/plain.json")
    values = {"OTHER_CONFIG": "conf/other.json"}
    p.compose("second", Run("second", env=values), environment=values)


@element("compose-shell-command", "around", weight=2, fits=full)
def _compose_shell(p: Project, random: Random) -> None:
    p.add("data/task.txt", "task\n")
    text = random.choice(["git --version && cat data/task.txt", "curl --version; cat data/task.txt"])
    words = ["sh", "-c", text]
    p.compose("task", Run("task", words, reports=False), command=words)


@element("compose-script", "around", weight=1, fits=full)
def _compose_script(p: Project, random: Random) -> None:
    """A service starts another script of the image, which needs its own tools."""
    p.add("ops/nightly.sh", "#!/bin/sh\nset -e\n. ops/nightly.env\n$TOOL --version\n", 0o755)
    p.add("ops/nightly.env", "TOOL=git\n")
    words = ["sh", "ops/nightly.sh"]
    p.compose("nightly", Run("nightly", words, reports=False), command=words)


@element("kubernetes-command", "around", "python node", weight=1)
def _kubernetes_command(p: Project, random: Random) -> None:
    p.service = p.service or "service"
    p.add("data/sweep.txt", "sweep\n")
    _, command = second(p, "sweep", "read", "data/sweep.txt", Probe("sweep", "read", "data/sweep.txt"))
    p.outer["deploy/job.yaml"] = (
        f"apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: sweep\nspec:\n  schedule: '0 3 * * *'\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          containers:\n            - name: sweep\n              image: {p.service}:latest\n              command: {json.dumps(command)}\n"
    )
    p.runs.append(Run("job", command, entrypoint=[]))


@element("all-ignored-but", "around", weight=1)
def _all_but(p: Project, random: Random) -> None:
    p.facts["ignore-all"] = "yes"


@element(
    "only-dockerignore", "around", weight=1, fits=lambda p: "modules" not in p.facts and ".env" not in p.files
)
def _only(p: Project, random: Random) -> None:
    p.ignore += random.choice(
        [
            ["node_modules", "__pycache__", "*.pyc", ".env"],
            ["**/.DS_Store", "# comment", "", "tmp/"],
            ["/vendor-unused", "!/README.md"],
        ]
    )
    p.add("tmp/scratch.txt", "scratch\n", application=False)


@element("compose-of-an-image", "around", weight=2, fits=full)
def _compose_image(p: Project, random: Random) -> None:
    """A file for production names the image that is pushed, if at all, and not how it is built."""
    p.service = p.service or "service"
    image, built = random.choice([
        ("${APP_IMAGE}", f"docker build -t $TAG {p.service}"),
        ("registry.example.org/team/shop:${TAG:-latest}", f"docker build -t registry.example.org/team/shop:1 {p.service}"),
        ("team/shop:1", "echo nothing is built here"),
    ])  # fmt: skip
    tool = random.choice(["curl", "git"])
    use = random.choice([
        f"    healthcheck:\n      test: {tool} --version || exit 1\n",
        f"    healthcheck: {{test: [CMD, {tool}, --version]}}\n",
        f"    entrypoint: [{tool}]\n    command: [--version]\n",
        f"  once:\n    extends: {{service: app}}\n    entrypoint: {tool} --version\n",
    ])  # fmt: skip
    p.outer["docker-compose.prod.yml"] = (
        f"services:\n  store:\n    image: redis:7\n    command: redis-server --save 60 1\n  app:\n    image: {image}\n{use}"
    )
    p.outer[".gitlab-ci.yml"] = f"publish:\n  script:\n    - {built}\n"
    _by_hand(p, tool, "--version")


@element("job-in-the-image", "around", weight=2, fits=full)
def _job(p: Project, random: Random) -> None:
    """CI runs commands in a container with the image."""
    p.service = p.service or "service"
    tool = random.choice(["git", "curl"])
    job = f"    steps:\n      - run: {tool} --version\n"
    push = (
        f"  image:\n    steps:\n      - run: docker build -t team/shop {p.service} && docker push team/shop\n"
    )
    file, text = random.choice([
        (".github/workflows/test.yml", f"jobs:\n{push}  test:\n    container: team/shop\n{job}"),
        (".github/workflows/test.yml", f"jobs:\n  test:\n    container:\n      image: ${{{{ inputs.image }}}}\n{job}"),
        (".circleci/config.yml", f"jobs:\n{push}  test:\n    docker:\n      - image: team/shop\n{job}"),
        ("ci/.gitlab-ci.yml", f"test:\n  image: $CI_REGISTRY_IMAGE/test:1\n  script:\n    - cd /\n    - {tool} --version\n"),
        ("Jenkinsfile", f"pipeline {{\n  agent {{ dockerfile {{ dir '{p.service}' }} }}\n  stages {{ stage('a') {{ steps {{ sh '{tool} --version' }} }} }}\n}}\n"),
    ])  # fmt: skip
    p.outer[file] = text
    _by_hand(p, tool, "--version")


@element("platform", "around", weight=2, fits=full)
def _platform(p: Project, random: Random) -> None:
    """A platform runs a command in the image, before or beside the application."""
    p.service = p.service or "service"
    command = f"{random.choice(['git', 'curl', 'wget'])} --version"
    words, own = json.dumps(command.split()), f"{p.service}/Dockerfile"
    file, text = random.choice([
        ("fly.toml", f'app = "app"\n\n[build]\n  dockerfile = "{own}"\n\n[deploy]\n  release_command = "{command}"\n'),
        ("railway.json", f'{{"build": {{"dockerfilePath": "{own}"}}, "deploy": {{"preDeployCommand": "{command}"}}}}\n'),
        ("render.yaml", f"services:\n  - type: web\n    runtime: docker\n    dockerfilePath: ./{own}\n    preDeployCommand: {command}\n"),
        ("heroku.yml", f"build:\n  docker:\n    web: {own}\nrelease:\n  image: web\n  command:\n    - {command}\n"),
        ("task-definition.json", f'{{"containerDefinitions": [{{"image": "<IMAGE>", "healthCheck": {{"command": ["CMD-SHELL", "{command}"]}}}}]}}\n'),
        ("deploy/task-def.json", f'{{"containerDefinitions": [{{"image": "1.dkr.ecr.eu-west-1.amazonaws.com/shop:1", "entryPoint": {words}}}]}}\n'),
        ("config/deploy.yml", f"service: app\nimage: team/shop\nservers:\n  jobs:\n    cmd: {command}\n"),
        (".devcontainer/devcontainer.json", f'{{\n  // of the team\n  "build": {{"dockerfile": "../{own}"}},\n  "postCreateCommand": "{command}",\n}}\n'),
    ])  # fmt: skip
    p.outer[file] = text
    _by_hand(p, *command.split())
