"""The Dockerfile parser against BuildKit's rules: results, errors and round trips."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from e2b_dockerfile_utils import DockerfileSyntaxError, parse_dockerfile_ast
from hypothesis import given, settings
from hypothesis import strategies as st

from slimify.model.dockerfile import Dockerfile, Instruction
from slimify.model.errors import SlimifyError
from slimify.syntax.dockerfile import lines
from slimify.syntax.dockerfile.parser import encode, heredoc_spans, logical_to_raw, parse


def read(text: str) -> Dockerfile:
    return parse(encode(text))


def serialise(dockerfile: Dockerfile) -> str:
    return "".join(node.raw for node in dockerfile.nodes)


def brief(text: str) -> list[tuple[str, int, int, str]]:
    return [(i.keyword, i.line, i.end_line, i.value) for i in read(text).instructions]


def last(text: str) -> Instruction:
    return read("FROM x\n" + text).instructions[-1]


# --- lines and continuations --------------------------------------------------------------------

# After `FROM x`, so line numbers begin with 2: (id, text, instructions)
LINES = [
    ("one", "RUN a", [("RUN", 2, 2, "a")]),
    ("two", "RUN a\nUSER u\n", [("RUN", 2, 2, "a"), ("USER", 3, 3, "u")]),
    ("lower-case", "run a\n", [("RUN", 2, 2, "a")]),
    ("no-argument", "RUN\n", [("RUN", 2, 2, "")]),
    ("flags-only", "RUN --network=none\n", [("RUN", 2, 2, "")]),
    ("indented", "  RUN a\n", [("RUN", 2, 2, "a")]),
    ("indented-by-nbsp", "\xa0RUN a\n", [("RUN", 2, 2, "a")]),
    ("trailing-blanks", "RUN a \t\n", [("RUN", 2, 2, "a")]),
    ("continued", "RUN a \\\n  b\n", [("RUN", 2, 3, "a   b")]),
    ("blanks-after-escape", "RUN a \\ \t\n b\n", [("RUN", 2, 3, "a  b")]),
    ("form-feed-after-escape", "RUN a \\\f\nUSER u\n", [("RUN", 2, 2, "a \\"), ("USER", 3, 3, "u")]),
    ("nbsp-after-escape", "RUN a \\\xa0\nUSER u\n", [("RUN", 2, 2, "a \\"), ("USER", 3, 3, "u")]),
    ("doubled-escape", "RUN a \\\\\nUSER u\n", [("RUN", 2, 2, "a \\\\"), ("USER", 3, 3, "u")]),
    ("tripled-escape", "RUN a \\\\\\\nUSER u\n", [("RUN", 2, 2, "a \\\\\\"), ("USER", 3, 3, "u")]),
    ("escape-at-end-of-file", "RUN a \\", [("RUN", 2, 2, "a")]),
    ("escape-then-comments-to-the-end", "RUN a \\\n# c\n# d\n", [("RUN", 2, 4, "a")]),
    ("comment-inside", "RUN a \\\n# c\n b\n", [("RUN", 2, 4, "a  b")]),
    ("indented-comment-inside", "RUN a \\\n  # c \\\n b\n", [("RUN", 2, 4, "a  b")]),
    ("comment-swallows-next", "RUN a \\\n# c\nUSER u\n", [("RUN", 2, 4, "a USER u")]),
    ("hash-inside-a-word", "RUN a \\\n b # c\n", [("RUN", 2, 3, "a  b # c")]),
    ("blank-line-inside", "RUN a \\\n\n b\n", [("RUN", 2, 4, "a  b")]),
    ("blank-lines-inside-crlf", "RUN a \\\r\n\r\n \t\r\n b\r\n", [("RUN", 2, 5, "a  b")]),
    ("keyword-continued", "RUN\\\n echo\n", [("RUN", 2, 3, "echo")]),
    ("keyword-split", "RU\\\nN echo\n", [("RUN", 2, 3, "echo")]),
    ("only-an-escape-first", "\\\nRUN a\n", [("RUN", 2, 3, "a")]),
    ("crlf", "RUN a\r\nUSER u\r\n", [("RUN", 2, 2, "a"), ("USER", 3, 3, "u")]),
    ("crcrlf", "RUN a\r\r\n", [("RUN", 2, 2, "a")]),
    ("lone-cr", "RUN a\rb\n", [("RUN", 2, 2, "a\rb")]),
    ("lone-cr-behind-keyword", "RUN\rb\n", [("RUN", 2, 2, "b")]),
    ("vertical-tab", "RUN\vb\n", [("RUN", 2, 2, "b")]),
    ("line-separator-is-text", "RUN a\u2028b\x1cc\n", [("RUN", 2, 2, "a\u2028b\x1cc")]),
    ("one-word-at-the-end", "USER u\nRUN", [("USER", 2, 2, "u"), ("RUN", 3, 3, "")]),
]


@pytest.mark.parametrize(("text", "expected"), [r[1:] for r in LINES], ids=[r[0] for r in LINES])
def test_lines(text: str, expected: list[tuple[str, int, int, str]]) -> None:
    assert brief("FROM x\n" + text) == [("FROM", 1, 1, "x"), *expected]


def test_from_keeps_the_case_of_as() -> None:
    assert brief("from a as b") == [("FROM", 1, 1, "a as b")]


# --- directives -----------------------------------------------------------------------------------

# (id, head, escape, syntax)
DIRECTIVES = [
    ("none", "", "\\", None),
    ("comment", "# escape ` is nice\n", "\\", None),
    ("after-a-comment", "# c\n# escape=`\n", "\\", None),
    ("after-a-blank-line", "\n# escape=`\n", "\\", None),
    ("after-a-shebang", "#!/bin/sh\n# escape=`\n", "\\", None),
    ("after-an-unknown-one", "# foo=bar\n# escape=`\n", "\\", None),
    ("escape", "# escape=`\n", "`", None),
    ("spaced-upper-case", "  #  ESCAPE = ` \n", "`", None),
    ("crlf", "# escape=`\r\n", "`", None),
    ("default-spelled-out", "#escape=\\\n", "\\", None),
    ("after-syntax", "# syntax=docker/dockerfile:1\n# escape=`\n", "`", "docker/dockerfile:1"),
    ("after-check", "# check=skip=all\n# escape=`\n", "`", None),
    ("blanks-without-end", "# syntax=a" + " " * 60_000 + "b\n", "\\", "a" + " " * 60_000 + "b"),
    ("behind-a-bom", "\ufeff# escape=`\n", "`", None),
]


@pytest.mark.parametrize(
    ("head", "escape", "syntax"), [r[1:] for r in DIRECTIVES], ids=[r[0] for r in DIRECTIVES]
)
def test_directives(head: str, escape: str, syntax: str | None) -> None:
    dockerfile = read(head + "FROM x\nRUN a `\nUSER u\n" if escape == "`" else head + "FROM x\n")
    assert (dockerfile.escape, dockerfile.syntax) == (escape, syntax)
    if escape == "`":
        assert [i.value for i in dockerfile.instructions] == ["x", "a USER u"]


def test_kinds_of_nodes() -> None:
    nodes = read("\ufeff# syntax=a\n# c\n\n  # d\nFROM x\n \t\n").nodes
    assert [n.kind for n in nodes] == [
        "bom",
        "directive",
        "comment",
        "blank",
        "comment",
        "instruction",
        "blank",
    ]
    assert [n.line for n in nodes] == [1, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(("text", "newline"), [("FROM x\nUSER u\r\n", "\n"), ("FROM x\r\nUSER u\n", "\r\n")])
def test_first_line_decides_the_newline(text: str, newline: str) -> None:
    assert read(text).newline == newline


# --- heredocs ---------------------------------------------------------------------------------------

# (id, text, [(name, body)], last line)
HEREDOCS = [
    ("here-string", "RUN cat <<<hi", [], 2),
    ("glued-to-a-word", "RUN cat<<EOF", [], 2),
    ("shift", "RUN echo $((1<<2))", [], 2),
    ("shift-with-blanks", "RUN echo $((1 << 2))", [], 2),
    ("quoted", 'RUN echo "<<EOF"', [], 2),
    ("exec-form", 'RUN ["<<EOF"]', [], 2),
    ("cmd", "CMD <<EOF", [], 2),
    ("user", "USER <<X", [], 2),
    ("blank-behind-the-dash", "RUN cat <<- EOF", [], 2),
    ("odd-quote-hides-it", "RUN cat <<EOF # don't", [], 2),
    ("unsupported-expansion-hides-it", "RUN echo ${x^^} && cat <<EOF", [], 2),
    ("run", "RUN <<EOF\necho hi\nCOPY x y\nEOF\n", [("EOF", "echo hi\nCOPY x y\n")], 5),
    ("no-final-newline", "RUN <<EOF\nhi\nEOF", [("EOF", "hi\n")], 4),
    ("terminator-crlf", "RUN <<EOF\r\nhi\r\nEOF\r\n", [("EOF", "hi\r\n")], 4),
    ("terminator-with-blank-is-none", "RUN <<EOF\nhi\nEOF \nEOF\n", [("EOF", "hi\nEOF \n")], 5),
    ("empty", "RUN <<EOF\nEOF\n", [("EOF", "")], 3),
    ("two", "COPY <<A <<B /d/\n1\nA\n2\nB\n", [("A", "1\n"), ("B", "2\n")], 6),
    ("body-is-literal", "RUN <<E\na \\\n# c\n\nE\n", [("E", "a \\\n# c\n\n")], 6),
    ("in-a-list", "RUN cat > /f <<EOF && echo done\nhi\nEOF\n", [("EOF", "hi\n")], 4),
    ("blank-before-name", "RUN cat << EOF > /f\nhi\nEOF\n", [("EOF", "hi\n")], 4),
    ("name-goes-to-the-blank", "RUN cat <<EOF; ls\nhi\nEOF;\n", [("EOF;", "hi\n")], 4),
    ("name-with-pipe", "RUN cat <<EOF|sh\nhi\nEOF|sh\n", [("EOF|sh", "hi\n")], 4),
    ("behind-a-continuation", "RUN a && \\\n cat <<EOF\nhi\nEOF\n", [("EOF", "hi\n")], 5),
    ("onbuild", "ONBUILD RUN <<EOF\nhi\nEOF\n", [("EOF", "hi\n")], 4),
    ("add", "ADD <<EOF /f\nhi\nEOF\n", [("EOF", "hi\n")], 4),
    ("default-value", "RUN echo ${x:-y} <<EOF\nhi\nEOF\n", [("EOF", "hi\n")], 4),
]


@pytest.mark.parametrize(("text", "heredocs", "end"), [r[1:] for r in HEREDOCS], ids=[r[0] for r in HEREDOCS])
def test_heredocs(text: str, heredocs: list[tuple[str, str]], end: int) -> None:
    instruction = last(text)
    assert [(h.name, h.body) for h in instruction.heredocs] == heredocs
    assert (instruction.line, instruction.end_line) == (2, end)
    assert [instruction.raw[a:b] for a, b in heredoc_spans(instruction)] == [body for _, body in heredocs]


# (id, word, name, expand, chomp, fd)
OPENINGS = [
    ("plain", "<<EOF", "EOF", True, False, 0),
    ("fd", "3<<EOF", "EOF", True, False, 3),
    ("chomp", "<<-EOF", "EOF", True, True, 0),
    ("single-quotes", "<<'EOF'", "EOF", False, False, 0),
    ("double-quotes", '<<-"EOF"', "EOF", False, True, 0),
    ("part-quoted", "<<eo'f'", "eof", False, False, 0),
]


@pytest.mark.parametrize(
    ("word", "name", "expand", "chomp", "fd"), [r[1:] for r in OPENINGS], ids=[r[0] for r in OPENINGS]
)
def test_heredoc_openings(word: str, name: str, expand: bool, chomp: bool, fd: int) -> None:
    tab = "\t" if chomp else ""
    (heredoc,) = last(f"RUN cat {word} x\n\thi\n{tab}{name}\n").heredocs
    assert (heredoc.name, heredoc.expand, heredoc.chomp, heredoc.fd) == (name, expand, chomp, fd)
    assert heredoc.body == "\thi\n"


def test_heredoc_escape_is_always_a_backslash() -> None:
    (_, run) = read("# escape=`\nFROM x\nRUN cat <<E\\F\nhi\nEF\n").instructions
    assert [(h.name, h.body) for h in run.heredocs] == [("EF", "hi\n")]


# --- flags and JSON -----------------------------------------------------------------------------------

# (id, text, flags, value)
FLAGS = [
    ("none", "COPY a b", [], "a b"),
    ("dash", "RUN -x", [], "-x"),
    ("behind-a-word", "RUN a --x=y", [], "a --x=y"),
    ("one", "COPY --from=a b c", [("from", "a")], "b c"),
    ("bare", "COPY --link a b", [("link", None)], "a b"),
    ("several", "COPY --chown=1 --link=true a b", [("chown", "1"), ("link", "true")], "a b"),
    ("quoted", 'COPY --chown="a b":c d e', [("chown", "a b:c")], "d e"),
    ("escaped", "COPY --chown=a\\ b d e", [("chown", "a b")], "d e"),
    ("ended", "RUN -- --x=y", [], "--x=y"),
    ("over-lines", "RUN --mount=type=tmpfs,target=/t \\\n  --network=none \\\n  a",
     [("mount", "type=tmpfs,target=/t"), ("network", "none")], "a"),
    ("equals-in-value", "RUN --mount=type=bind,target=/a a", [("mount", "type=bind,target=/a")], "a"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "flags", "value"), [r[1:] for r in FLAGS], ids=[r[0] for r in FLAGS])
def test_flags(text: str, flags: list[tuple[str, str | None]], value: str) -> None:
    instruction = last(text)
    assert [(f.name, f.value) for f in instruction.flags] == flags
    assert instruction.value == value


# (id, text, exec form)
JSON = [
    ("shell", "CMD a b", None),
    ("shell-test", "RUN [ -f x ] && y", None),
    ("shell-test-quoted", 'RUN [ "$x" = y ] && z', None),
    ("single-quotes", "CMD ['a']", None),
    ("bad-escape", r'CMD ["a\d"]', None),
    ("text-behind", 'CMD ["a"] # why', None),
    ("nan", "CMD [NaN]", None),
    ("env", 'ENV a=["b"]', None),
    ("exec", 'CMD ["a", "b c"]', ("a", "b c")),
    ("empty", "CMD []", ()),
    ("empty-with-blank", "ENTRYPOINT [ ]", ()),
    ("continued", 'CMD ["a", \\\n "b"]', ("a", "b")),
    ("unicode", 'CMD ["\\u00e9", "\\ud83d\\ude00"]', ("é", "😀")),
    ("half-a-pair", 'CMD ["\\ud800"]', ("\ufffd",)),
    ("copy", 'COPY ["a b", "c"]', ("a b", "c")),
    ("volume", 'VOLUME ["/a"]', ("/a",)),
    ("healthcheck", 'HEALTHCHECK --retries=3 CMD ["a"]', ("a",)),
]


@pytest.mark.parametrize(("text", "expected"), [r[1:] for r in JSON], ids=[r[0] for r in JSON])
def test_exec_form(text: str, expected: tuple[str, ...] | None) -> None:
    assert last(text).exec_form == expected


def test_onbuild_trigger_is_parsed() -> None:
    instruction = last('ONBUILD RUN --mount=type=cache,target=/c ["a"]')
    trigger = instruction.trigger
    assert trigger is not None
    assert (trigger.keyword, trigger.value, trigger.exec_form) == ("RUN", '["a"]', ("a",))
    assert trigger.flag("mount") == "type=cache,target=/c"
    assert instruction.value == 'RUN --mount=type=cache,target=/c ["a"]'


# --- what is refused ----------------------------------------------------------------------------------

# (id, text, code, line, message, hint)
REFUSED = [
    ("empty", "", "SL003", 1, "empty file", ""),
    ("blank", " \n\n", "SL003", 1, "empty file", ""),
    ("comments", "# a\n", "SL003", 1, "no instructions", ""),
    ("binary", "FROM x\n\x7fELF\0", "SL003", 2, "binary file", ""),
    ("utf-16", b"\xff\xfeF\0R\0O\0M\0", "SL003", 1, "UTF-16", "save it as UTF-8"),
    ("no-from", "ARG a\nARG b\n", "SL003", 2, "no FROM", ""),
    ("run-before-from", "RUN a\nFROM x", "SL001", 1, "RUN before the first FROM", "only ARG"),
    ("unknown-go", "FROM x\n\ngo build -o app .", "SL002", 3, 'unknown instruction "go"', "RUN go build"),
    ("unknown-short", "FROM x\ndd if=a", "SL002", 2, 'unknown instruction "dd"', "RUN dd"),
    ("typo-runn", "FROM x\nRUNN a", "SL002", 2, 'unknown instruction "RUNN"', "did you mean RUN?"),
    ("typo-coppy", "FROM x\nCOPPY a b", "SL002", 2, 'unknown instruction "COPPY"', "did you mean COPY?"),
    ("typo-swapped", "FORM x", "SL002", 1, 'unknown instruction "FORM"', "did you mean FROM?"),
    ("typo-lower", "FROM x\nentrypont a", "SL002", 2, 'unknown instruction "entrypont"', "ENTRYPOINT?"),
    ("glued", 'FROM x\nCMD["a"]', "SL002", 2, "unknown instruction", "add a space after CMD"),
    ("lost-escape", "FROM x\nRUN a &&\nb\n", "SL002", 3, '"b"', "end of line 2"),
    ("lost-escape-indented", "FROM x\nRUN a\n  bcd\n", "SL002", 3, '"bcd"', "end of line 2"),
    ("nothing-known", "FROM x\nFOO a", "SL002", 2, 'unknown instruction "FOO"', ""),
    ("nbsp-parts-no-words", "FROM x\nRUN\xa0a", "SL002", 2, "unknown instruction", ""),
    ("template", "FROM x\n{% if a %}", "SL401", 2, "placeholder", "render"),
    ("heredoc", "FROM x\nRUN <<EOF\na\n", "SL004", 2, "unterminated heredoc", "EOF"),
    ("second-heredoc", "FROM x\nCOPY <<A <<B /\nB\nA\n", "SL004", 2, '"B"', "B"),
    ("shift-in-the-old-way", "FROM x\nRUN echo $((1 <<2))\n", "SL004", 2, "unterminated heredoc", ""),
    ("json-number", 'FROM x\nCMD ["a", 1]', "SL005", 2, "contain only strings", ""),
    ("json-nested", 'FROM x\nRUN [["a"]]', "SL005", 2, "contain only strings", ""),
    ("json-very-nested", "FROM x\nRUN " + "[" * 20_000, "SL005", 2, "contain only strings", ""),
    ("json-open", 'FROM x\nCMD ["a", "b"', "SL005", 2, "malformed JSON array", "like"),
    ("json-open-string", 'FROM x\nCMD ["a', "SL005", 2, "malformed JSON array", "like"),
    ("json-trailing-comma", 'FROM x\nCMD ["a",]', "SL005", 2, "malformed JSON array", "like"),
    ("json-no-comma", 'FROM x\nENTRYPOINT ["a" "b"]', "SL005", 2, "malformed JSON array", "like"),
    ("shell-not-json", "FROM x\nSHELL /bin/bash -c", "SL005", 2, "JSON form", "["),
    ("shell-empty", "FROM x\nSHELL []", "SL001", 2, "at least one argument", ""),
    ("long-line", "FROM x\nRUN " + "a" * 65_536, "SL001", 2, "longer than 65535 bytes", "split"),
    ("long-heredoc-line", "FROM x\nRUN <<E\n" + "é" * 32_768 + "\nE\n", "SL001", 3, "longer than", ""),
    ("escape-twice", "# escape=`\n# escape=\\\nFROM x", "SL001", 2, "only one escape directive", ""),
    ("escape-blank", "# escape= \nFROM x", "SL001", 1, "invalid escape", ""),
    ("escape-bad", "# escape=x\nFROM x", "SL001", 1, "invalid escape", ""),
    ("from-two-words", "FROM a b", "SL001", 1, "one or three", ""),
    ("from-with-a-comment", "FROM a # b c", "SL001", 1, "one or three", "a line of its own"),
    ("from-bad-name", "FROM a AS 1b", "SL001", 1, 'invalid name for build stage: "1b"', ""),
    ("from-flag", "FROM --form=x a", "SL001", 1, "unknown flag: --form", ""),
    ("copy-one", "FROM x\nCOPY a", "SL001", 2, "at least two arguments", ""),
    ("copy-flag", "FROM x\nCOPY --form=a b c", "SL001", 2, "unknown flag: --form", "--from"),
    ("copy-flag-twice", "FROM x\nCOPY --from=a --from=b c d", "SL001", 2, "duplicate flag", ""),
    ("copy-flag-bare", "FROM x\nCOPY --from b c", "SL001", 2, "missing a value", ""),
    ("copy-flag-bool", "FROM x\nCOPY --link=no b c", "SL001", 2, "true or false", ""),
    ("copy-to-heredoc", "FROM x\nCOPY a <<E\nE\n", "SL001", 2, "destination", ""),
    ("run-flag", "FROM x\nRUN --rm a", "SL001", 2, "unknown flag: --rm", ""),
    ("mount-type", "FROM x\nRUN --mount=type=volume a", "SL001", 2, "unsupported mount type", ""),
    ("network", "FROM x\nRUN --network=bridge a", "SL001", 2, 'invalid --network "bridge"', "host"),
    ("cmd-flag", "FROM x\nCMD --a b", "SL001", 2, "unknown flag: --a", ""),
    ("env-one", "FROM x\nENV a", "SL001", 2, "two arguments", "ENV a="),
    ("env-none", "FROM x\nENV", "SL001", 2, "at least one argument", ""),
    ("env-mixed", "FROM x\nENV a=b c", "SL001", 2, "can't find = in \"c\"", ""),
    ("env-blank-name", "FROM x\nENV =b", "SL001", 2, "names can not be blank", ""),
    ("label-one", "FROM x\nLABEL a", "SL001", 2, "two arguments", ""),
    ("arg-none", "FROM x\nARG", "SL001", 2, "at least one argument", ""),
    ("arg-blank-name", "FROM x\nARG =b", "SL001", 2, "names can not be blank", ""),
    ("onbuild-none", "FROM x\nONBUILD", "SL001", 2, "at least one argument", ""),
    ("onbuild-onbuild", "FROM x\nONBUILD ONBUILD RUN a", "SL001", 2, "ONBUILD isn't allowed", ""),
    ("onbuild-onbuild-forever", "FROM x\n" + "ONBUILD " * 5_000, "SL001", 2, "ONBUILD isn't allowed", ""),
    ("onbuild-from", "FROM x\nONBUILD FROM y", "SL001", 2, "FROM isn't allowed", ""),
    ("onbuild-maintainer", "FROM x\nONBUILD maintainer y", "SL001", 2, "MAINTAINER isn't allowed", ""),
    ("health-none", "FROM x\nHEALTHCHECK", "SL001", 2, "at least one argument", ""),
    ("health-type", "FROM x\nHEALTHCHECK curl x", "SL001", 2, 'unknown type "curl"', "CMD"),
    ("health-empty", "FROM x\nHEALTHCHECK CMD", "SL001", 2, "missing command", ""),
    ("health-none-more", "FROM x\nHEALTHCHECK NONE a", "SL001", 2, "takes no arguments", ""),
    ("health-unit", "FROM x\nHEALTHCHECK --interval=30 CMD a", "SL001", 2, "invalid duration", "30s"),
    ("health-short", "FROM x\nHEALTHCHECK --timeout=1us CMD a", "SL001", 2, "invalid duration", ""),
    ("health-digits", "FROM x\nHEALTHCHECK --timeout=" + "1" * 60_000 + " CMD a", "SL001", 2, "invalid", ""),
    ("health-retries", "FROM x\nHEALTHCHECK --retries=-1 CMD a", "SL001", 2, "takes a number", ""),
    ("expose-none", "FROM x\nEXPOSE", "SL001", 2, "at least one argument", ""),
    ("user-none", "FROM x\nUSER", "SL001", 2, "exactly one argument", ""),
    ("volume-empty", 'FROM x\nVOLUME [" "]', "SL001", 2, "empty string", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "line", "message", "hint"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_rejected(text: str | bytes, code: str, line: int, message: str, hint: str) -> None:
    with pytest.raises(SlimifyError) as caught:
        parse(text if isinstance(text, bytes) else encode(text))
    error = caught.value
    assert (error.code, error.line) == (code, line)
    assert message in error.message
    assert hint in error.hint


# (id, text): BuildKit takes them, however odd
ACCEPTED = [
    ("arg-before-from", "ARG a=1\nFROM x:$a\n"),
    ("stage-names-twice", "FROM a AS b\nFROM a AS b\n"),
    ("unknown-below-onbuild", "FROM x\nONBUILD FOO a\n"),
    ("health-none-with-flags", "FROM x\nHEALTHCHECK --foo NONE\n"),
    ("arg-with-flags", "FROM x\nARG --foo a\n"),
    ("durations", "FROM x\nHEALTHCHECK --interval=1h2m3.5s --timeout=0 --start-period=500ms CMD a\n"),
    ("several-args", "FROM x\nARG a b=1\n"),
    ("long-line", "FROM x\nRUN " + "a" * (65_535 - 4) + "\n"),
    ("mount-type-by-variable", "FROM x\nRUN --mount=type=$T,target=/t a\n"),
    ("latin-1", b"FROM x\n# caf\xe9\nRUN echo \xe9 \\\n \xff\n"),
    ("bom", "\ufeffFROM x\n"),
    ("entrypoint-empty", "FROM x\nENTRYPOINT\n"),
]


@pytest.mark.parametrize("text", [r[1] for r in ACCEPTED], ids=[r[0] for r in ACCEPTED])
def test_accepted_unchanged(text: str | bytes) -> None:
    data = text if isinstance(text, bytes) else encode(text)
    assert encode(serialise(parse(data))) == data


def test_messages_have_no_control_characters() -> None:
    with pytest.raises(SlimifyError) as caught:
        parse(b"FROM x\n\x1b[31m\xe9" + b"z" * 500 + b" a\n")
    message = caught.value.message
    assert message.isprintable()
    assert len(message) < 200
    message.encode()


# --- spans ----------------------------------------------------------------------------------------------


def test_logical_to_raw() -> None:
    run = last("RUN --network=none \\\n  # why\n  ab \\\n\n  cd\n")
    assert run.value == "ab   cd"
    assert [run.raw[a:b] for a, b in logical_to_raw(run, 1, 6)] == ["b ", "  c"]
    assert [run.raw[a:b] for a, b in logical_to_raw(run, 0, 2)] == ["ab"]
    ((start, end),) = logical_to_raw(run, 7, 7)
    assert start == end == len(run.raw) - 1
    ((start, _),) = logical_to_raw(run, 5, 5)
    assert run.raw[start:] == "cd\n"
    with pytest.raises(ValueError, match="outside the value"):
        logical_to_raw(run, 3, 8)


def test_logical_to_raw_of_empty_span() -> None:
    ((start, end),) = logical_to_raw(last("RUN\n"), 0, 0)
    assert start == end == 3


# --- properties -------------------------------------------------------------------------------------------

FRAGMENTS = st.sampled_from(
    [
        "FROM x\n", "RUN a", "RUN <<EOF\n", "EOF\n", "COPY <<-'A' <<B /d/\n", "\tA\n", "B\n",
        "ENV a=b c='d e'\n", "LABEL a b\n", "ARG q w=1\n", "CMD [\"a\", \"b\"]\n",
        "ONBUILD RUN --mount=x a <<E\n", "E\n", "HEALTHCHECK --interval=5s CMD a\n",
        "COPY --from=a b c\n", " \\\n", " \\ \t\r\n", "\\\\\n", "\n", "\r\n", "\n\n", "# c\n",
        "  # d \\\n", "# escape=`\n", "# syntax=a\n", "`\n", " `", "'", '"', "$", "${x:-y}", "${x^^}",
        "[", "]", ",", "<<", " && b", " ", "\t", "\r", "é", "#",
    ]
)  # fmt: skip
TEXTS = st.lists(FRAGMENTS, max_size=14).map("".join)


def _has_a_line(error: SlimifyError) -> None:
    assert error.line is not None


@given(TEXTS)
@settings(max_examples=400)
def test_nodes_and_spans_cover_the_file(text: str) -> None:
    try:
        dockerfile = read("FROM x\n" + text)
    except SlimifyError as error:
        _has_a_line(error)
        return
    assert serialise(dockerfile) == "FROM x\n" + text
    line = 1
    for node in dockerfile.nodes:
        assert node.line == line
        assert node.end_line == line + len(lines.split(node.raw)) - 1
        line = node.end_line + 1
    for instruction in dockerfile.instructions:
        for item in filter(None, (instruction, instruction.trigger)):
            spans = logical_to_raw(item, 0, len(item.value)) if item.value else ()
            assert "".join(item.raw[a:b] for a, b in spans) == item.value
    assert read(serialise(dockerfile)) == dockerfile


@given(st.binary(max_size=60))
def test_any_bytes_round_trip_or_raise_an_error_with_a_line(data: bytes) -> None:
    data = b"FROM x\n# " + data
    try:
        assert encode(serialise(parse(data))) == data
    except SlimifyError as error:
        _has_a_line(error)


@given(TEXTS)
@settings(max_examples=400)
def test_agrees_with_another_parser(text: str) -> None:
    """Another port of BuildKit's parser finds the same instructions in files that both accept.

    It leaves ONBUILD unread, splits COPY by quotes, and trims more blanks than Go knows.
    """
    text = "FROM x\n" + text
    try:
        ours = read(text).instructions
    except SlimifyError:
        return
    if any(i.keyword == "ONBUILD" and "<<" in i.value for i in ours) or "$((1" in text:
        return
    try:
        theirs = parse_dockerfile_ast(text).instructions
    except DockerfileSyntaxError as error:  # it must at least accept what we accept
        raise AssertionError(str(error)) from error
    assert [(i.keyword, i.line, i.end_line) for i in ours] == [
        (i.name, i.start_line, i.end_line) for i in theirs
    ]
    for mine, other in zip(ours, theirs, strict=True):
        assert [(h.name, h.body, h.expand, h.chomp) for h in mine.heredocs] == [
            (h.name, h.content, h.expand, h.chomp) for h in other.heredocs
        ]
        if mine.keyword != "ONBUILD":
            assert (mine.exec_form is not None) == other.json
            assert [
                f"--{f.name}" + (f"={f.value}" if f.value is not None else "") for f in mine.flags
            ] == list(other.flags)
            if mine.keyword in ("RUN", "USER", "WORKDIR") and mine.exec_form is None:
                assert [mine.value] * bool(mine.value) == other.args


# (id, text of a given size)
SHAPES: list[tuple[str, Callable[[int], str]]] = [
    ("instructions", lambda n: "RUN a b c\n" * n),
    ("continued-lines", lambda n: "RUN a" + " \\\n b" * n + "\n"),
    ("comments-inside", lambda n: "RUN a" + " \\\n# c\n\n b" * n + "\n"),
    ("heredocs", lambda n: "RUN <<EOF\nhi\nEOF\n" * n),
    ("heredoc-lines", lambda n: "RUN <<EOF\n" + "hi\n" * n + "EOF\n"),
    ("flags", lambda n: "RUN " + "--mount=type=tmpfs,target=/t \\\n" * n + "a\n"),
    ("pairs", lambda n: "ENV" + " \\\n a=b" * n + "\n"),
]


@pytest.mark.parametrize("shape", [s[1] for s in SHAPES], ids=[s[0] for s in SHAPES])
def test_time_is_linear(shape: Callable[[int], str]) -> None:
    """Counts calls instead of time, so that slow machines do not matter."""

    def calls(size: int) -> int:
        data = encode("FROM x\n" + shape(size))
        count = 0

        def profile(_frame: object, event: str, _arg: object) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        sys.setprofile(profile)
        try:
            parse(data)
        finally:
            sys.setprofile(None)
        return count

    parse(b"FROM x\n")  # what is imported on first use
    assert calls(400) < 2.2 * calls(200)
