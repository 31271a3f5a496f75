"""Arguments of single instructions, and the variables visible to them."""

from __future__ import annotations

import pytest

from slimify.facts.system import default_path
from slimify.model.dockerfile import Instruction
from slimify.syntax.dockerfile import instructions as read
from slimify.syntax.dockerfile.instructions import CopyParts, FromParts
from slimify.syntax.dockerfile.parser import encode, parse
from slimify.syntax.dockerfile.scope import scopes


def last(text: str) -> Instruction:
    return parse(encode("FROM x\n" + text)).instructions[-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a", FromParts(image="a")),
        ("FROM a:1@sha256:2 AS Build.er_1", FromParts(image="a:1@sha256:2", alias="build.er_1")),
        ("from  a\tas b", FromParts(image="a", alias="b")),
        ("FROM --platform=$BUILDPLATFORM a", FromParts(image="a", platform="$BUILDPLATFORM")),
    ],
)
def test_from_parts(text: str, expected: FromParts) -> None:
    assert read.from_parts(last(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ENV a=b", [("a", "b")]),
        ("ENV a=", [("a", "")]),
        ("ENV a=b=c 'd'=\"e f\" g=h\\ i", [("a", "b=c"), ("'d'", '"e f"'), ("g", "h\\ i")]),
        ("ENV a b  c=d", [("a", "b  c=d")]),
        ("ENV PATH $PATH:/x", [("PATH", "$PATH:/x")]),
        ("LABEL a.b='c' \\\n # why\n d=e", [("a.b", "'c'"), ("d", "e")]),
    ],
)
def test_env_pairs(text: str, expected: list[tuple[str, str]]) -> None:
    assert list(read.env_pairs(last(text))) == expected


def test_env_pairs_with_escape_directive() -> None:
    (_, env) = parse(b"# escape=`\nFROM x\nENV a=c:\\ b=d` e\n").instructions
    assert read.env_pairs(env, "`") == (("a", "c:\\"), ("b", "d` e"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ARG a", [("a", None)]),
        ("ARG a=", [("a", "")]),
        ("ARG a b=1 c='d e'", [("a", None), ("b", "1"), ("c", "'d e'")]),
    ],
)
def test_arg_names(text: str, expected: list[tuple[str, str | None]]) -> None:
    assert list(read.arg_names(last(text))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("COPY a b", CopyParts(keyword="COPY", sources=("a",), dest="b")),
        ("ADD a b c/", CopyParts(keyword="ADD", sources=("a", "b"), dest="c/")),
        ('COPY ["a b", "c d"]', CopyParts(keyword="COPY", sources=("a b",), dest="c d")),
        (
            "COPY --from=s --chown=1:2 --chmod=755 --link --parents --exclude=*.md --exclude=x a b",
            CopyParts(
                keyword="COPY",
                sources=("a",),
                dest="b",
                from_stage="s",
                chown="1:2",
                chmod="755",
                parents=True,
                exclude=("*.md", "x"),
            ),
        ),
        ("COPY --link=false a b", CopyParts(keyword="COPY", sources=("a",), dest="b")),
        (
            "COPY <<'A' b <<B /d/\nA\nB",
            CopyParts(keyword="COPY", sources=("b",), dest="/d/", heredocs=("A", "B")),
        ),
    ],
)
def test_copy_parts(text: str, expected: CopyParts) -> None:
    assert read.copy_parts(last(text)) == expected


def test_single_value_instructions() -> None:
    assert read.shell_command(last('SHELL ["/bin/bash", "-c"]')) == ("/bin/bash", "-c")
    assert read.expose_ports(last("EXPOSE 80 443/tcp $P")) == ("80", "443/tcp", "$P")
    assert read.volumes(last("VOLUME /a /b")) == ("/a", "/b")
    assert read.volumes(last('VOLUME ["/a b"]')) == ("/a b",)
    assert read.stop_signal(last("STOPSIGNAL SIGTERM")) == "SIGTERM"
    assert read.workdir(last("WORKDIR /a  b")) == "/a  b"
    assert read.onbuild_trigger(last("ONBUILD copy . .")).keyword == "COPY"


def test_mounts() -> None:
    (cache, bind) = read.mounts(
        last('RUN --mount=type=cache,id=i,dst=/c --mount=from=s,source=/a,target=/b,"ro" go build')
    )
    assert (cache.type, cache.from_stage) == ("cache", None)
    assert (bind.type, bind.from_stage) == ("bind", "s")


# --- scope ----------------------------------------------------------------------------------------------

BASE = {"PATH": "/bin", "LANG": "C"}

# (id, text, name, value at the last instruction; None: absent)
SCOPES = [
    ("base", "FROM x\nRUN a", "LANG", "C"),
    ("not-its-own-effect", "FROM x\nENV a=1", "a", None),
    ("env", "FROM x\nENV a=1\nRUN a", "a", "1"),
    ("env-of-base-changed", "FROM x\nENV PATH=/x:$PATH\nRUN a", "PATH", "/x:/bin"),
    ("env-old-form", "FROM x\nENV a b c\nRUN a", "a", "b c"),
    ("env-quotes", "FROM x\nENV a='b c'\nRUN a", "a", "b c"),
    ("env-one-value-a-line", "FROM x\nENV a=1\nENV a=2 b=$a\nRUN a", "b", "1"),
    ("env-that-fails", "FROM x\nENV a=${b:?no}\nRUN a", "a", None),
    ("arg-without-value", "FROM x\nARG a\nRUN a", "a", None),
    ("arg-default", "FROM x\nARG a=1\nRUN a", "a", "1"),
    ("arg-given", "FROM x\nARG given=1\nRUN a", "given", "yes"),
    ("arg-given-not-declared", "FROM x\nRUN a", "given", None),
    ("arg-after-env-wins", "FROM x\nENV a=1\nARG a=2\nRUN a", "a", "2"),
    ("bare-arg-after-env-does-not", "FROM x\nENV a=1\nARG a\nRUN a", "a", "1"),
    ("env-after-arg-wins", "FROM x\nARG a=1\nENV a=2\nRUN a", "a", "2"),
    ("global-arg-unseen", "ARG a=1\nFROM x\nRUN a", "a", None),
    ("global-arg-asked-for", "ARG a=1\nFROM x\nARG a\nRUN a", "a", "1"),
    ("global-arg-outdone", "ARG a=1\nFROM x\nARG a=2\nRUN a", "a", "2"),
    ("global-arg-of-another", "ARG a=1\nARG b=$a\nFROM x\nARG b\nRUN a", "b", "1"),
    ("global-arg-on-one-line", "ARG a=1 b=$a\nFROM x\nARG b\nRUN a", "b", "1"),
    ("seen-by-from", "ARG a=1\nFROM x:$a", "a", "1"),
    ("env-unseen-by-from", "FROM x\nENV a=1\nFROM y:$a", "a", None),
    ("stage-of-a-stage", "FROM x AS b\nENV a=1\nARG c=2\nFROM b\nRUN a", "a", "1"),
    ("args-of-a-stage-too", "FROM x AS b\nENV a=1\nARG c=2\nFROM b\nRUN a", "c", "2"),
    ("upper-case-is-no-stage", "FROM x AS b\nENV a=1\nFROM B\nRUN a", "a", None),
    ("other-stage", "FROM x AS b\nENV a=1\nFROM y\nRUN a", "a", None),
    ("scratch", "FROM scratch\nRUN a", "LANG", None),
    ("path-of-scratch", "FROM scratch\nRUN a", "PATH", default_path()),
    ("platform-needs-no-arg-in-from", "FROM --platform=$BUILDPLATFORM x", "BUILDPLATFORM", "linux/amd64"),
    ("platform-needs-one-in-a-stage", "FROM x\nRUN a", "BUILDPLATFORM", None),
]


@pytest.mark.parametrize(("text", "name", "value"), [r[1:] for r in SCOPES], ids=[r[0] for r in SCOPES])
def test_scopes(text: str, name: str, value: str | None) -> None:
    dockerfile = parse(encode(text))
    given = {"given": "yes", "BUILDPLATFORM": "linux/amd64"}
    scope = scopes(dockerfile, BASE, given)[-1]
    assert scope.get(name) == value
    assert (name in dict(scope)) == (value is not None)


def test_each_instruction_has_its_own_scope() -> None:
    dockerfile = parse(b"FROM x\nENV a=1\nRUN b\nENV a=2\nRUN b\n")
    assert [s.get("a") for s in scopes(dockerfile, {}, {})] == [None, None, "1", "1", "2"]


def test_exponential_values_are_bounded() -> None:
    text = "FROM x\nENV a0=0123456789\n" + "".join(f"ENV a{i}=$a{i - 1}$a{i - 1}\n" for i in range(1, 60))
    scope = scopes(parse(encode(text + "RUN b")), {}, {})[-1]
    assert scope["a5"] == "0123456789" * 32
    assert "a40" not in scope or len(scope["a40"]) < 10
