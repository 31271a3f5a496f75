"""CI files: the step that builds a Dockerfile, and edits of it."""

from __future__ import annotations

import pytest

from slimify.ci.build_steps import BuildStep, github_step, kaniko_step
from slimify.ci.kaniko import convert_to_kaniko

FLAGS = ("--cache=true", "--cache-ttl=168h")
INPUTS = (("cache-from", "type=gha"), ("cache-to", "type=gha,mode=max"))

BLOCK = """\
steps:
  # tests first
  - name: golang
    args: [go, test]
  - name: gcr.io/kaniko-project/executor:v1.23.2
    args:
      - --destination=eu.example/web   # the image
timeout: 600s
"""
ADDED = "\n      - --cache=true\n      - --cache-ttl=168h"
DOCKER = "steps:\n- name: gcr.io/cloud-builders/docker\n  args: [build, -t, web, .]\n"
FLOW = """\
steps:
- name: 'gcr.io/kaniko-project/executor'
  args: ['--destination=eu.example/web', '--dockerfile=/workspace/Dockerfile']
"""


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        pytest.param(
            BLOCK,
            "# the image\n",
            "# the image\n      - --cache=true\n      - --cache-ttl=168h\n",
            id="a line each",
        ),
        pytest.param(
            FLOW, "Dockerfile']", "Dockerfile', '--cache=true', '--cache-ttl=168h']", id="in one line"
        ),
        pytest.param(
            FLOW.replace("/Dockerfile']", "/Dockerfile', '--cache=true']"),
            "true']",
            "true', '--cache-ttl=168h']",
            id="half of it is there",
        ),
        pytest.param(
            BLOCK.replace("\n", "\r\n"),
            "# the image\r\n",
            "# the image" + ADDED.replace("\n", "\r\n") + "\r\n",
            id="CRLF",
        ),
        pytest.param(BLOCK.removesuffix("timeout: 600s\n").rstrip(), "", None, id="no newline at the end"),
    ],
)
def test_missing_flags_are_added_to_kaniko(text: str, old: str, new: str | None) -> None:
    found = kaniko_step(text, "Dockerfile", ".", FLAGS)
    assert found is not None
    if new is None:
        assert found.text == text + ADDED
    else:
        assert found.text == text.replace(old, new)
        again = kaniko_step(found.text or "", "Dockerfile", ".", FLAGS)
        assert again == BuildStep(found.line, found.text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param(FLOW.replace("'--dest", "'--cache=false', '--dest"), "--cache=false", id="switched off"),
        pytest.param(FLOW.replace("'--dest", "'--no-push', '--dest"), "pushes no image", id="no push"),
        pytest.param(
            "steps:\n- name: gcr.io/cloud-builders/docker\n  args: [build, -t, web, .]\n",
            "images:",
            id="docker",
        ),
    ],
)
def test_kaniko_step_is_not_edited(text: str, why: str) -> None:
    found = kaniko_step(text, "Dockerfile", ".", FLAGS)
    assert found is not None
    assert found.text is None
    assert found.why is not None
    assert why in found.why.text


@pytest.mark.parametrize(
    ("text", "dockerfile", "context"),
    [
        pytest.param("not: [yaml", "Dockerfile", ".", id="no YAML"),
        pytest.param("steps: 1", "Dockerfile", ".", id="no steps"),
        pytest.param(FLOW, "web/Dockerfile", "web", id="another file"),
        pytest.param("a: &a [1]\nb: *a\n" + FLOW, "Dockerfile", ".", id="anchors"),
    ],
)
def test_no_kaniko_step(text: str, dockerfile: str, context: str) -> None:
    assert kaniko_step(text, dockerfile, context, FLAGS) is None


WORKFLOW = """\
on: push
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/setup-buildx-action@v3
      # builds
      - uses: docker/build-push-action@v6
        with:
          context: web
          tags: eu.example/web  # by hand
      - run: echo done
"""
BLOCK_LAST = WORKFLOW.replace("tags: eu.example/web  # by hand", "tags: |\n            a\n            b")
IN_FRONT = "cache-from: type=gha\n          cache-to: type=gha,mode=max\n          context: web"
WITH_CACHE = "by hand\n          cache-from: type=gha\n          cache-to: type=gha,mode=max\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(WORKFLOW, WORKFLOW.replace("by hand\n", WITH_CACHE), id="at the end of the settings"),
        pytest.param(
            BLOCK_LAST,
            BLOCK_LAST.replace("context: web", IN_FRONT),
            id="in front, where the last one is a block of text",
        ),
        pytest.param(
            WORKFLOW.replace("by hand\n", WITH_CACHE.replace(",mode=max", "  # all")),
            WORKFLOW.replace("by hand\n", WITH_CACHE.replace(",mode=max", ",mode=max  # all")),
            id="the mode",
        ),
        pytest.param(
            WORKFLOW.replace("by hand\n", WITH_CACHE),
            WORKFLOW.replace("by hand\n", WITH_CACHE),
            id="nothing is missing",
        ),
    ],
)
def test_missing_inputs_are_added_to_a_workflow(text: str, expected: str) -> None:
    assert github_step(text, "web/Dockerfile", INPUTS) == BuildStep(8, expected)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param(WORKFLOW.replace("setup-buildx", "setup-qemu"), "before it", id="default driver"),
        pytest.param(
            WORKFLOW.replace("buildx-action@v3", "buildx-action@v3\n        with: { driver: docker }"),
            "sets its own driver",
            id="another driver",
        ),
        pytest.param(WORKFLOW.replace("by hand", "b\n          cache-from: x"), "one of", id="half a cache"),
        pytest.param(
            WORKFLOW.replace("by hand\n", WITH_CACHE.replace("max", "min")),
            "mode=max",
            id="another mode",
        ),
    ],
)
def test_workflow_is_not_edited(text: str, why: str) -> None:
    found = github_step(text, "web/Dockerfile", INPUTS)
    assert found is not None
    assert found.text is None
    assert found.why is not None
    assert why in found.why.text


def test_workflow_for_another_dockerfile() -> None:
    assert github_step(WORKFLOW, "Dockerfile", INPUTS) is None
    matrix = WORKFLOW.replace("context: web", "context: ${{ matrix.dir }}")
    assert github_step(matrix, "web/Dockerfile", INPUTS) is None


BUILD = """\
steps:
- id: tests
  name: golang
  args: [go, test]
- name: 'gcr.io/cloud-builders/docker'
  id: image
  args:
  - build
  - -t
  - eu.example/web:$SHORT_SHA
  - --build-arg=KEY=1
  - -f
  - web/Dockerfile
  - web
  waitFor: [tests]
- name: gcr.io/cloud-builders/docker
  args: ["push", "eu.example/web:$SHORT_SHA"]
# how long it may take
timeout: 600s
"""
KANIKO = """\
steps:
- id: tests
  name: golang
  args: [go, test]
- name: gcr.io/kaniko-project/executor:latest
  id: image
  waitFor: [tests]
  args:
    - --dockerfile=/workspace/web/Dockerfile
    - --context=dir:///workspace/web
    - --destination=eu.example/web:$SHORT_SHA
    - --build-arg=KEY=1
    - --cache=true
    - --cache-ttl=168h
# how long it may take
timeout: 600s
"""
PUSH = BUILD[BUILD.index('- name: gcr.io/cloud-builders/docker\n  args: ["push"') : BUILD.index("# how")]
IMAGES = "images:\n- eu.example/web:$SHORT_SHA\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(BUILD, KANIKO, id="with its push"),
        pytest.param(BUILD.replace("\n", "\r\n"), KANIKO.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(BUILD.replace(PUSH, "") + IMAGES, KANIKO, id="with the list of images"),
        pytest.param(
            BUILD.replace(PUSH, "") + IMAGES + "- eu.example/other\n",
            f"{KANIKO}images:\n- eu.example/other\n",
            id="another image stays",
        ),
    ],
)
def test_docker_step_is_converted(text: str, expected: str) -> None:
    found = convert_to_kaniko(text, "web/Dockerfile", "web", FLAGS)
    assert found is not None
    assert found.text == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param(BUILD.replace("web/Dockerfile\n", "api/Dockerfile\n"), None, id="another file"),
        pytest.param(BUILD.replace("--build-arg=KEY=1", "--squash"), None, id="an option of Docker's"),
        pytest.param(BUILD.replace("id: image", "volumes: []"), None, id="a setting that is not known"),
        pytest.param(BUILD.replace("-f\n", "-f  # this one\n"), "in place", id="a comment"),
        pytest.param(BUILD.replace('["push", "', '["run", "'), "line 16 uses the image", id="used locally"),
        pytest.param(
            BUILD.replace(PUSH, "- name: golang\n  args: [go, vet]\n") + IMAGES,
            "after line 16",
            id="pushed in the end",
        ),
    ],
)
def test_docker_step_is_not_converted(text: str, why: str | None) -> None:
    found = convert_to_kaniko(text, "web/Dockerfile", "web", FLAGS)
    assert (found is None) == (why is None)
    assert found is None or (found.text is None and found.why is not None and (why or "") in found.why.text)
