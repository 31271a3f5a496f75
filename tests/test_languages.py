"""A language of somebody else's: plain Ruby, from one folder with its own facts, goes all the way.

`docs/language` is a distribution: the folder, and a pyproject.toml with the entry point. As pip would install
it, it is on the path of a process of its own, and nothing in slimify knows Ruby for it.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import imagefiles
import pytest
from support import ROOT

SOURCE = ROOT / "docs" / "language"


def _installed() -> Path:
    """What pip makes of the distribution."""
    project = tomllib.loads((SOURCE / "pyproject.toml").read_text("utf-8"))
    about, groups = project["project"], project["project"]["entry-points"]
    place = Path(tempfile.mkdtemp(prefix="language-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    for package in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        shutil.copytree(SOURCE / package, place / package, ignore=shutil.ignore_patterns("__pycache__"))
    metadata = place / f"{about['name'].replace('-', '_')}-{about['version']}.dist-info"
    metadata.mkdir()
    named = f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n"
    (metadata / "METADATA").write_text(named)
    points = "".join(
        f"[{group}]\n" + "".join(f"{name} = {where}\n" for name, where in entries.items())
        for group, entries in groups.items()
    )
    (metadata / "entry_points.txt").write_text(points)
    return place


INSTALLED = _installed()
DOCKERFILE = """\
FROM ruby:3.3
RUN apt-get update \\
    && apt-get install -y --no-install-recommends build-essential libpq-dev \\
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY Gemfile Gemfile.lock ./
RUN bundle install
COPY . .
CMD ["bundle", "exec", "puma"]
"""
REWRITTEN = """\
FROM ruby:3.3 AS builder
RUN apt-get update \\
    && apt-get install -y --no-install-recommends build-essential libpq-dev \\
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY Gemfile Gemfile.lock ./
RUN bundle install

FROM ruby:3.3-slim
RUN apt-get update \\
    && apt-get install -y --no-install-recommends libpq5 ca-certificates git \\
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=builder /usr/local/bundle /usr/local/bundle
COPY . .
CMD ["bundle", "exec", "puma"]
"""
PROJECT = {
    "Dockerfile": DOCKERFILE,
    "Gemfile": 'source "https://rubygems.org"\ngem "pg", "1.5.9"\ngem "puma"\n',
    "Gemfile.lock": "GEM\n  specs:\n    pg (1.5.9)\n    puma (6.5.0)\n",
    "config.ru": 'require "pg"\nrequire_relative "app"\nrun App\n',
    "app.rb": "class App\n  def self.call(env) = [200, {}, [`git describe`]]\nend\n",
}
GEMS = "/usr/local/bundle/gems"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in PROJECT.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def python(*words: str, cwd: Path, installed: Path | None = INSTALLED) -> subprocess.CompletedProcess[str]:
    """A process of its own, with the distribution or without."""
    places = (ROOT, ROOT / "tests", *([installed] if installed else []))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places)), "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, *words], cwd=cwd, env=env, capture_output=True, encoding="utf-8", check=False
    )


def slimify(*words: str, cwd: Path, installed: Path | None = INSTALLED) -> subprocess.CompletedProcess[str]:
    return python("-m", "slimify", *words, cwd=cwd, installed=installed)


def test_without_it_the_file_stays(project: Path) -> None:
    done = slimify("rewrite", "--format", "json", "Dockerfile", cwd=project, installed=None)
    outcome = json.loads(done.stdout)
    assert outcome["outcome"] == "unchanged"
    assert outcome["language"] is None
    assert [decision["code"] for decision in outcome["decisions"]] == ["SL410"]


def test_rewrite(project: Path) -> None:
    done = slimify("rewrite", "-o", "-", "Dockerfile", cwd=project)
    assert done.returncode == 0, done.stderr
    assert done.stdout == REWRITTEN
    assert "SL301" in done.stderr
    assert "Ruby" in done.stderr
    assert "Advice" not in done.stderr  # config.ru was read


@pytest.mark.parametrize(
    "options", [(), ("--nonroot", "--cache-mounts", "--annotate"), ("--base", "same", "--min-saving", "0")]
)
def test_parts_can_be_left_out(tmp_path: Path, project: Path, options: tuple[str, ...]) -> None:
    """What calls do, the layouts and the images are a beginning."""
    installed = tmp_path.parent / f"{tmp_path.name}-installed"
    shutil.copytree(INSTALLED, installed)
    for path in sorted((installed / "ruby").rglob("*.*")):
        needed = path.parent.name in ("commands", "planning") or path.name == "__init__.py"
        if (
            path.is_file()
            and not needed
            and path.name not in ("commands.toml", "images.toml", "tags-ruby.json")
        ):
            path.unlink()
    done = slimify("rewrite", *options, "-o", "-", "Dockerfile", cwd=project, installed=installed)
    assert done.returncode == 0, done.stderr
    assert "COPY --from=builder /usr/local/bundle /usr/local/bundle\n" in done.stdout


def test_packages_of_the_full_image_are_put_back(project: Path) -> None:
    """Nobody installs libpq-dev: the full image has it, and the gem's facts say what that means."""
    text = re.sub(r"RUN apt-get(?:.*\\\n)+.*\n", "", DOCKERFILE)
    (project / "Dockerfile").write_text(text)
    done = slimify("rewrite", "-o", "-", "Dockerfile", cwd=project)
    final = done.stdout.partition("FROM ruby:3.3-slim\n")[2]
    assert "libpq5" in final
    assert "git" in final.split("WORKDIR")[0].split()  # app.rb starts it


def test_explain(project: Path) -> None:
    """Each instruction has its role, with a code as the reason; the sentence names the language."""
    done = slimify("explain", "--format", "json", "Dockerfile", cwd=project)
    rows = {row["line"]: row for row in json.loads(done.stdout)["instructions"]}
    roles = {line: (row["role"], [reason["code"] for reason in row["reasons"]]) for line, row in rows.items()}
    assert roles[6] == ("build", ["SL224"])  # COPY Gemfile Gemfile.lock
    assert roles[8] == ("run", ["SL225"])  # COPY . .
    (install,) = rows[7]["commands"]
    assert install["role"] == "build"
    assert [reason["code"] for reason in install["reasons"]] == ["SL210"]
    assert "Ruby" in install["reasons"][0]["text"]
    packages = {
        package["name"]: package for command in rows[2]["commands"] for package in command["packages"]
    }
    assert packages["libpq-dev"]["counterpart"] == "libpq5"
    assert packages["build-essential"]["role"] == "build"


def test_check(project: Path) -> None:
    done = slimify("check", "Dockerfile", cwd=project)
    assert done.returncode == 1
    assert done.stdout.startswith("Dockerfile:1: SL301 ")


def test_analyze(tmp_path: Path) -> None:
    """The gems' archives, and gems for developing, are found by the language's facts."""
    size = b"x" * 300_000
    layers = [
        imagefiles.tar(imagefiles.member("usr/local/bin/ruby", b"\x7fELF")),
        imagefiles.tar(
            imagefiles.member(f"{GEMS[1:]}/puma-6.5.0/lib/puma.rb", b"# puma"),
            imagefiles.member(f"{GEMS[1:]}/rubocop-1.70.0/lib/rubocop.rb", size),
            imagefiles.member("usr/local/bundle/cache/puma-6.5.0.gem", size),
        ),
    ]
    config = imagefiles.configuration(layers, config={"Cmd": ["bundle", "exec", "puma"]})
    config["history"] = [
        {"created_by": "RUN /bin/sh -c make install"},
        {"created_by": "ENV RUBY_VERSION=3.3.9", "empty_layer": True},
        {"created_by": 'CMD ["irb"]', "empty_layer": True},
        {"created_by": "RUN /bin/sh -c bundle install"},
    ]
    archive = tmp_path / "image.tar"
    archive.write_bytes(imagefiles.archive(imagefiles.docker_members(layers, config=config)))
    done = slimify("analyze", "--format", "json", str(archive), cwd=tmp_path)
    assert done.returncode in (0, 1), done.stderr
    (image,) = json.loads(done.stdout)["images"]
    assert [layer["base"] for layer in image["layers"]] == [True, False]
    found = {item["code"]: item["text"] for item in image["findings"]}
    assert "Bundler's archives of gems" in found["SL701"]
    assert "Gems for developing: rubocop." in found["SL711"]


PLAN = """
import json
from pathlib import Path
from slimify.config import Options
from slimify.engine.model import BuildOptions
from slimify.languages import language
from slimify.verify.proof_request import proof_request
from slimify.verify.probes import Probe
from unit.verify_sides import evidence, file, side

data = Path("Dockerfile").read_bytes()
made = proof_request(data, name="Dockerfile", context=Path(), options=Options(),
                     probe=Probe(exec=("bundle check",)), build=BuildOptions(), timed=True)
gem = file("GEMS/pg-1.5.9/lib/pg.rb")
both = [side(gem, WorkingDir="/app"), side(WorkingDir="/app")]
checks = list(language(made.language).image_checks.image_checks(evidence(*both, made.runtime_needs)))
print(json.dumps({
    "language": made.language, "application": made.application_directories, "placed": made.image_paths,
    "timed": made.timed_source,
    "probe": made.probe.exec, "base_env": sorted(made.terms.base_env),
    "commands": sorted(made.runtime_needs.commands),
    "findings": [[found.code, found.path] for check in checks for found in check.findings],
}))
""".replace("GEMS", GEMS)


def test_plan_of_verify(project: Path) -> None:
    """All that a proof is made of but the engine, and what it compares of two images."""
    done = python("-c", PLAN, cwd=project)
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert plan["language"] == "ruby"
    assert plan["application"] == ["/app"]
    assert plan["placed"] == {"config.ru": ["/app/config.ru"]}
    assert plan["timed"] == "config.ru"
    assert "GEM_HOME" in plan["base_env"]
    assert {"puma", "git"} <= set(plan["commands"])
    assert plan["findings"] == [["SL532", f"{GEMS}/pg-1.5.9/lib/pg.rb"]]
