"""The Python reader: tables of sources and what they need, then properties."""

from __future__ import annotations

import ast
import textwrap

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support import with_started

from slimify.context.source_uses import MAX_FILE
from slimify.languages.python.sources import scan, uses
from slimify.model.sources import SourceFacts


def names(facts: SourceFacts, kind: str) -> list[str]:
    return sorted({use.name for use in getattr(facts, kind)})


NOOP = {
    "empty": "",
    "comment": "# import subprocess; subprocess.run(['git'])\n",
    "docstring": '"""import os\nos.system("git")\n"""\n',
    "string": "HELP = 'import yaml'\n",
    "own-run-function": "def run(x): ...\nrun(['git'])\n",
    "method-of-the-same-name": "app.run('git')\nself.call(['git'])\n",
    "relative-import": "from . import subprocess\nfrom .os import system\nsystem('x')\n",
    "path-in-a-string-only": "print('/etc/passwd')\n",
}


@pytest.mark.parametrize("text", NOOP.values(), ids=NOOP)
def test_noop(text: str) -> None:
    facts = uses.read(text, "a.py")
    assert facts == SourceFacts()


IMPORTS = {
    "plain": ("import yaml", ["yaml"]),
    "dotted": ("import google.cloud.storage", ["google"]),
    "several": ("import a, b.c as d,e", ["a", "b", "e"]),
    "from": ("from flask.views import View", ["flask"]),
    "from-parenthesised": ("from x import (\n    a,\n    b,\n)", ["x"]),
    "continued": ("import a, \\\n    b\nfrom c \\\n    import d", ["a", "b", "c"]),
    "in-function": ("def f():\n    import lxml", ["lxml"]),
    "in-try": ("try: import ujson as json\nexcept ImportError: import json", ["json", "ujson"]),
    "behind-semicolon": ("x = 1; import a", ["a"]),
    "not-yield-from": ("def f():\n    yield from imported", []),
    "python-2": ("import urllib2\nprint 'x'\n", ["urllib2"]),
    "import-module": ("import importlib\nimportlib.import_module('plug.ins')", ["importlib", "plug"]),
    "dunder-import": ("__import__('yaml')", ["yaml"]),
    "relative-import-module": ("import importlib\nimportlib.import_module('.x', 'y')", ["importlib"]),
    "interpreter-module": (
        "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pip'])",
        ["pip", "subprocess", "sys"],
    ),
    "django-apps": (
        "INSTALLED_APPS = [\n 'django.contrib.admin',\n # 'old',\n 'corsheaders',\n]",
        ["corsheaders", "django"],
    ),
    "django-apps-added": ("INSTALLED_APPS += ('debug_toolbar',)", ["debug_toolbar"]),
    "django-middleware": ("MIDDLEWARE = ['whitenoise.middleware.WhiteNoiseMiddleware']", ["whitenoise"]),
    "for-type-checkers": (
        "import typing\nif typing.TYPE_CHECKING:\n    from boto3 import a\n\n    import b\nimport c\n",
        ["c", "typing"],
    ),
    "for-type-checkers-in-a-function": (
        "def f():\n    if TYPE_CHECKING:\n        import a\n    import b",
        ["b"],
    ),
    "for-others-than-type-checkers": ("if not TYPE_CHECKING:\n    import a\nelse:\n    import b", ["a", "b"]),
    "beside-type-checkers": ("if TYPE_CHECKING:\n    import a\nelse:\n    import b", ["b"]),
    "crlf-and-bom": ("\ufeffimport a\r\nimport b\r\n", ["a", "b"]),
}


@pytest.mark.parametrize(("text", "expected"), IMPORTS.values(), ids=IMPORTS)
def test_imports(text: str, expected: list[str]) -> None:
    assert names(uses.read(text, "a.py"), "imports") == expected


HEAD = "import subprocess, os, sys, shutil, asyncio\nfrom pathlib import Path\n"
# id: (source below HEAD, commands, whether something is dynamic)
COMMANDS = {
    "run-list": ("subprocess.run(['git', 'status'])", ["git"], False),
    "run-string": ("subprocess.call('ls')", ["ls"], False),
    "run-tuple": ("subprocess.check_output(('tar', 'x'))", ["tar"], False),
    "keyword": ("subprocess.Popen(args=['nginx'])", ["nginx"], False),
    "executable": ("subprocess.Popen(['x'], executable='/bin/bash')", ["/bin/bash", "x"], True),
    "shell-true": (
        "subprocess.run('cat a | jq . && curl x', shell=True)",
        ["cat", "curl", "jq", "sh"],
        False,
    ),
    "shell-false": ("subprocess.run('/bin/a b', shell=False)", ["/bin/a b"], False),
    "shell-list": ("subprocess.run(['ls -l'], shell=True)", ["ls", "sh"], False),
    "f-string-shell": ("subprocess.run(f'convert {x} y', shell=True)", ["convert", "sh"], False),
    "f-string-program": ("subprocess.run(f'{x} y', shell=True)", ["sh"], True),
    "percent": ("os.system('wget %s' % url)", ["sh", "wget"], False),
    "percent-program": ("os.system('%s -x' % tool)", ["sh"], True),
    "format": ("os.popen('identify {}'.format(x))", ["identify", "sh"], False),
    "plus": ("os.system('rm ' + x)", ["rm", "sh"], False),
    "unclosed": ('os.system("git \'x")', ["sh"], True),
    "builtin-only": ("os.system('cd /x && echo y')", ["sh"], False),
    "getoutput": ("subprocess.getoutput('id -u')", ["id", "sh"], False),
    "execvp": ("os.execvp('sh', ['sh', '-c', 'exec nginx'])", ["nginx", "sh"], False),
    "execl": ("os.execl('/bin/a', 'a', '-x')", ["/bin/a"], False),
    "spawn": ("os.spawnlp(os.P_WAIT, 'cp', 'cp', 'a')", ["cp"], False),
    "posix-spawn": ("os.posix_spawn('/bin/a', ['a'], {})", ["/bin/a"], False),
    "asyncio-exec": ("async def f(): await asyncio.create_subprocess_exec('node', 'x')", ["node"], False),
    "asyncio-shell": (
        "async def f(): await asyncio.create_subprocess_shell('node x')",
        ["node", "sh"],
        False,
    ),
    "which": ("shutil.which('pdftotext')", ["pdftotext"], False),
    "which-then-run": ("exe = shutil.which('ffmpeg')\nsubprocess.run([exe, '-i'])", ["ffmpeg"], False),
    "constant": ("TOOL = 'ffmpeg'\ndef f():\n  subprocess.run([TOOL])", ["ffmpeg"], False),
    "list-in-a-variable": ("cmd = ['git', x]\ncmd += ['y']\nsubprocess.run(cmd)", ["git"], False),
    "list-concatenated": ("subprocess.run(['git'] + args)", ["git"], False),
    "list-starred": (
        "subprocess.run([*BASE, 'x'])\nBASE = ('sudo', '-n', 'reboot')",
        ["reboot", "sudo"],
        False,
    ),
    "either": ("subprocess.run('a' if x else 'b')", ["a", "b"], False),
    "two-values": ("if x: t = 'a'\nelse: t = 'b'\nsubprocess.run([t])", ["a", "b"], False),
    "loop": ("for t in ('git', 'hg'): shutil.which(t)", ["git", "hg"], False),
    "environment-default": ("subprocess.run([os.environ.get('FFMPEG', 'ffmpeg')])", ["ffmpeg"], True),
    "parameter": ("def f(cmd): subprocess.run(cmd)", [], True),
    "parameter-default": ("def f(cmd='ls'): subprocess.run(cmd)", ["ls"], True),
    "parameter-elsewhere": ("def g(cmd): ...\ndef f():\n  cmd = ['a']\n  subprocess.run(cmd)", ["a"], False),
    "attribute": ("class A:\n  TOOL = 'a'\n  def f(self): subprocess.run([self.TOOL])", ["a"], False),
    "attribute-unknown": ("subprocess.run([settings.TOOL])", [], True),
    "arguments-starred": ("subprocess.run(*args)", [], True),
    "split": ("subprocess.run('git log -1'.split())", ["git"], False),
    "shlex": ("import shlex\nsubprocess.run(shlex.split('git log'))", ["git"], False),
    "alias-module": ("import subprocess as sp\nsp.run(['a'])", ["a"], False),
    "alias-function": ("from subprocess import check_call as c\nc(['a'])", ["a"], False),
    "alias-by-assignment": ("run = subprocess.run\nrun(['a'])", ["a"], False),
    "star-import": ("from subprocess import *\ncall(['a'])", ["a"], False),
    "gevent": ("from gevent import subprocess\nsubprocess.call(['a'])", ["a"], False),
    "partial": ("from functools import partial\npartial(subprocess.run, ['a'])", ["a"], False),
    "to-thread": ("asyncio.to_thread(subprocess.run, ['a'])", ["a"], False),
    "wrapper": ("subprocess.run(['sudo', '-u', 'me', 'X=1', 'apt-get'])", ["apt-get", "sudo"], False),
    "script-through-shell": ("subprocess.run(['bash', 'run.sh'])", ["bash"], True),
    "beside-the-file": ("subprocess.run([Path(__file__).parent / 'run.sh'])", ["pkg/run.sh"], True),
    "sh-module": ("import sh\nsh.git_lfs('x')\nsh.ls()", ["git-lfs", "ls"], False),
    "sh-function": ("from sh import git\ngit('x')", ["git"], False),
    "pexpect": ("import pexpect\npexpect.spawn('ssh host')", ["ssh"], False),
    "interpreter": ("subprocess.run([sys.executable, 'x.py'])", ["python"], False),
    "find-libc": ("import ctypes.util\nctypes.util.find_library('c')", [], False),
    "find-library": ("import ctypes.util\nctypes.util.find_library('magic')", ["ldconfig"], False),
    "circular": ("a = b\nb = a\nsubprocess.run([a])", [], True),
    "python-2": ("print 'x'\nsubprocess.call(['git', 'x'])\nos.system(cmd)", ["git", "sh"], True),
    "code-beside": ("import imp\nimp.load_source('m', os.path.dirname(__file__) + '/m.py')", [], False),
    "code-by-constant": (
        "from importlib.util import spec_from_file_location\nspec_from_file_location('m', '/plugins/m.py')",
        [],
        False,
    ),
    "code-by-name": (
        "from importlib.util import spec_from_file_location\nspec_from_file_location('m', sys.argv[1])",
        [],
        True,
    ),
    "plumbum-item": ("from plumbum import local\ngit = local['git']\ngit('pull')", ["git"], False),
    "plumbum-import": ("from plumbum.cmd import git_lfs as g\ng['pull'] & FG", ["git-lfs"], False),
    "plumbum-attribute": ("from plumbum import local\nlocal.cmd.git('pull')", ["git"], False),
    "plumbum-unknown": ("from plumbum import local\nlocal[name]()", [], True),
    "other-item": ("import plumbum\nlocal = {}\nlocal['git']", [], False),
    "invoke-run": ("from invoke import run\nrun('git pull && make')", ["git", "make", "sh"], True),
    "invoke-context": ("from invoke import task\n@task\ndef f(c): c.run('git pull')", ["git", "sh"], False),
    "invoke-unknown": ("from invoke import task\n@task\ndef f(c, x): c.run(x)", ["sh"], True),
    "invoke-beside": ("import asyncio, invoke\nasyncio.run(main())", [], False),
    "fabric-local": ("from fabric.api import local\nlocal('git pull')", ["git", "sh"], False),
    "twisted": ("reactor.spawnProcess(p, 'git', ['git', 'pull'])", ["git"], False),
    "helper": ("def sh(c): return os.popen(c)\nsh('git pull && make')", ["git", "make", "sh"], True),
    "helper-second": ("def at(d, c): subprocess.run(c, cwd=d)\nat(x, f'git add {y}')", ["git", "sh"], True),
    "helper-keyword": ("def at(d, c): subprocess.run(c, cwd=d)\nat(c='git pull', d=x)", ["git", "sh"], True),
    "helper-split": ("def at(c):\n  a = c.split()\n  subprocess.run(a)\nat('git pull')", ["git", "sh"], True),
    "helper-class": ("class At:\n  def __init__(self, c): os.system(c)\nAt('git x')", ["git", "sh"], True),
    "helper-of-arguments": ("def git(*a): subprocess.run(['git', *a])\ngit('pull')", ["git"], False),
    "no-helper": ("def say(c): subprocess.run(['git', 'log', c])\nsay('make x')", ["git"], False),
    "code-that-runs": ("import runpy\nrunpy.run_path(sys.argv[1])", [], True),
}


@pytest.mark.parametrize(("text", "expected", "dynamic"), COMMANDS.values(), ids=COMMANDS)
def test_commands(text: str, expected: list[str], dynamic: bool) -> None:
    facts = with_started(uses.read(HEAD + text, "pkg/a.py"))
    assert names(facts, "commands") == expected
    assert bool(facts.dynamic) is dynamic


# id: (source, programs that a module starts only where it is used so)
BY_MODULES = {
    "ffmpeg": ("import discord\nvoice.play(discord.FFmpegPCMAudio(x))", ["ffmpeg", "ffprobe"]),
    "no-ffmpeg": ("import discord\ndiscord.Client()", []),
    "own-class": ("class FFmpegPCMAudio: pass", []),
    "in-a-comment": ("import torch\n# model = torch.compile(model)", []),
    "regular-expression": ("import re, torch\nre.compile('x')", []),
    "torch": ("import torch\nmodel = torch.compile(model)", ["g++", "gcc", "ninja"]),
    "extension": ("from torch.utils.cpp_extension import load", ["g++", "gcc", "ninja"]),
    "whole-module": ("import pyximport; pyximport.install()", ["g++", "gcc"]),
    "cffi": ("from cffi import FFI\nlib = FFI().verify('int f();')", ["gcc"]),
}


@pytest.mark.parametrize(("text", "expected"), BY_MODULES.values(), ids=BY_MODULES)
def test_programs_of_modules(text: str, expected: list[str]) -> None:
    assert names(uses.read(text, "a.py"), "commands") == expected


LIBRARIES = {
    "cdll": ("import ctypes\nctypes.CDLL('libmagic.so.1')", ["libmagic.so.1"], False),
    "path": ("import ctypes\nctypes.CDLL('/usr/lib/x86_64-linux-gnu/libpq.so.5')", ["libpq.so.5"], False),
    "own-path": ("import ctypes\nctypes.CDLL('/app/lib/libpq.so.5')", ["/app/lib/libpq.so.5"], False),
    "from-ctypes": ("from ctypes import cdll\ncdll.LoadLibrary('libfoo.so')", ["libfoo.so"], False),
    "find-library": ("from ctypes.util import find_library\nfind_library('vips')", ["vips"], False),
    "nested": ("import ctypes, ctypes.util\nctypes.CDLL(ctypes.util.find_library('m'))", ["m"], False),
    "itself": ("import ctypes\nctypes.CDLL(None)", [], False),
    "cffi": ("from cffi import FFI\nffi = FFI()\nlib = ffi.dlopen('libpq.so.5')", ["libpq.so.5"], False),
    "unknown": ("import ctypes\ndef f(x): ctypes.CDLL(x)", [], True),
    "backend": ("import matplotlib\nmatplotlib.use('TkAgg')", ["tcl8.6", "tk8.6"], False),
    "other-backend": ("import matplotlib\nmatplotlib.use('Agg')", [], False),
    "no-backend": ("BACKEND = 'TkAgg'", [], False),
}


@pytest.mark.parametrize(("text", "expected", "dynamic"), LIBRARIES.values(), ids=LIBRARIES)
def test_libraries(text: str, expected: list[str], dynamic: bool) -> None:
    facts = uses.read(text, "a.py")
    assert names(facts, "libraries") == expected
    assert bool(facts.dynamic) is dynamic


PATHS = {
    "open": ("open('data/x.json')", ["data/x.json"]),
    "open-absolute": ("open('/etc/hosts', 'r')", ["/etc/hosts"]),
    "io-open": ("import io\nio.open('a.txt')", ["a.txt"]),
    "constant": ("NAME = 'a.txt'\nopen(NAME)", ["a.txt"]),
    "unknown": ("open(name)", []),
    "directory-known": ("open(f'locale/{lang}/x.json')", ["locale/"]),
    "read-text": ("from pathlib import Path\nPath('VERSION').read_text()", ["VERSION"]),
    "path-open": ("from pathlib import Path\nPath('VERSION').open('rb')", ["VERSION"]),
    "beside-the-file": ("import os\nopen(os.path.join(os.path.dirname(__file__), 'x'))", ["pkg/sub/x"]),
    "above-the-file": (
        "from pathlib import Path\nBASE = Path(__file__).resolve().parent.parent\nopen(BASE / 'etc' / 'x')",
        ["pkg/etc/x"],
    ),
    "out-of-the-context": (
        "from pathlib import Path\nopen(Path(__file__).parent.parent.parent.parent / 'x')",
        [],
    ),
    "package-data": ("import pkgutil\npkgutil.get_data(__name__, 'x.bin')", ["pkg/sub/x.bin"]),
    "package-files": (
        "from importlib.resources import files\n(files('shop.data') / 'a' / 'b.xsd').read_bytes()",
        ["shop/data/a/b.xsd"],
    ),
    "flask": (
        "from flask import Flask\nFlask(__name__, static_folder='assets')",
        ["pkg/sub/assets", "pkg/sub/templates"],
    ),
    "beside-the-file-unused": (
        "from pathlib import Path\nDIST = Path(__file__).parent / 'web' / 'dist'",
        ["pkg/sub/web/dist"],
    ),
    "beside-the-file-joined": (
        "import os.path as p\nHERE = p.dirname(__file__)\nT = p.join(HERE, 'templates')",
        ["pkg/sub/templates"],
    ),
    "no-url": ("open('http://x/y')", []),
}


@pytest.mark.parametrize(("text", "expected"), PATHS.values(), ids=PATHS)
def test_paths(text: str, expected: list[str]) -> None:
    assert names(uses.read(text, "pkg/sub/a.py"), "paths") == expected


def test_lines() -> None:
    text = textwrap.dedent(
        """\
        import subprocess  # 1
        def f():
            run = '''
            subprocess.run(['no'])
            '''
            # subprocess.run(['no'])
            subprocess.run(
                ['a']
            )
        @decorated(subprocess.run(['b']))
        def g(): subprocess.run(['c'])
        """
    )
    assert [(u.name, u.line) for u in uses.read(text, "a.py").started] == [("a", 7), ("b", 10), ("c", 11)]


def test_files_over_the_limit_are_named() -> None:
    facts = uses.read_many([("big.py", "x = 1\n" * MAX_FILE), ("small.py", "import a\n")])
    assert facts.skipped == ("big.py",)
    assert names(facts, "imports") == ["a"]


def test_beyond_the_budget_nothing_is_missed() -> None:
    text = "import subprocess as s\nx = ['git']\ns.Popen(x)\ns.check_output(['curl', 'x'])\nopen('a.txt')\n"
    facts = with_started(uses.read_many([("a.py", text)], budget=0))
    assert names(facts, "commands") == ["curl", "sh"]
    assert names(facts, "dynamic") == ["Popen"]
    assert names(facts, "paths") == ["a.txt"]


DEEP = {
    "brackets": "(" * 30_000,
    "calls": "f(" * 30_000 + ")" * 30_000,
    "sum": "+".join(["a"] * 30_000),
    "not": "not " * 30_000 + "a",
    "chain": "a" + ".b" * 30_000,
    "subscripts": "a" + "[0]" * 30_000,
    "elif": "if a: b\n" + "elif a: b\n" * 30_000,
    "lambda": "lambda: " * 30_000 + "a",
    "conditional": "a if b else " * 30_000 + "c",
    "f-string": "f'" + "{(" * 30_000,
    "f-string-sum": "f'{" + "+".join(["a"] * 30_000) + "}'",
    "strings": "'a' " * 30_000,
    "open-quotes": "'''a" * 30_000,
    "backslashes": "\\\n" * 30_000,
    "spaces": "from a" + " " * 200_000 + "\nimport b" + " " * 200_000,
    "spaces-behind-a-dot": "from ." + " " * 200_000,
    "dots": "from " + "." * 100_000,
    "names": "a0 = 'x'\n"
    + "".join(f"a{i + 1} = a{i} + a{i}\n" for i in range(2000))
    + "subprocess.run(a2000)",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_hostile_nesting_ends_no_process(text: str) -> None:
    """libcst by itself ends the process on most of these."""
    facts = uses.read("import subprocess\n" + text, "a.py")
    assert "subprocess" in names(facts, "imports")


@settings(max_examples=150, deadline=None)
@given(st.text())
@example("\U00031350")  # a letter to one version of Unicode only: the tree can't be built
def test_any_text_is_read(text: str) -> None:
    assert isinstance(uses.read(text, "a.py"), SourceFacts)
    assert isinstance(uses.read("import subprocess\n" + text, "a.py"), SourceFacts)


PIECES = [
    "import a\n",
    "import a.b as c\n",
    "from d import e\n",
    "x = 'import f'\n",
    "# import g\n",
    "'''\nimport h\n'''\n",
]
PIECES += ["from . import q\n", "from . r import s\n", "from .t import u\n", "from .. import v; import w\n"]
PIECES += [
    "def i():\n    import j\n",
    "if x:\n    from k.l import m, n\n",
    'y = "\\" import o"\n',
    "z = f'{x} import p'\n",
]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(PIECES)))
def test_import_scan_agrees_with_the_grammar(pieces: list[str]) -> None:
    text = "".join(pieces)
    expected = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            expected |= {(alias.name.split(".")[0], node.lineno) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            expected.add((node.module.split(".")[0], node.lineno))
    assert {(use.name, use.line) for use in uses.read(text, "a.py").imports} == expected


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="'\"\\#\nrf ax{}"))
def test_masking_keeps_offsets(text: str) -> None:
    code = scan.without_literals(text)
    assert len(code) == len(text)
    assert [i for i, c in enumerate(code) if c == "\n"] == [i for i, c in enumerate(text) if c == "\n"]
