"""Python's modules: compiled ones of the standard library, and sources that lie elsewhere."""

from __future__ import annotations

import pytest
from unit.verify_sides import (
    elf,
    evidence,
    file,
    folder,
    link,
    live,
    needs,
    package,
    program,
    said,
    side,
)

from slimify.languages.python.verify import imports
from slimify.languages.python.verify.imports import between
from slimify.model.sources import SourceFacts, Use


def test_the_library_of_a_module_that_the_slim_image_brings() -> None:
    tk = elf("/usr/local/lib/python3.12/lib-dynload/_tkinter.so", "libtk8.6.so")
    library = elf("/usr/lib/libtk8.6.so")
    facts = SourceFacts(imports=(Use(name="_tkinter", file="a.py", line=1),))
    before = side(tk, library, *package("libtk8.6", "/usr/lib/libtk8.6.so"))
    for after, found in ((before, []), (side(tk), [("package", "libtk8.6")])):
        check = imports.extension_libraries(evidence(before, after, live(sources=facts)))
        assert needs(check) == found


def test_sources_that_were_copied_elsewhere() -> None:
    facts = SourceFacts(imports=(Use(name="helper", file="src/a.py", line=1),))
    before = side(file("/srv/x/helper.py"), WorkingDir="/app")
    image_paths = {"src/a.py": ("/srv/x/a.py",)}
    check = imports.check(
        evidence(before, side(WorkingDir="/app"), live(sources=facts), image_paths=image_paths)
    )
    assert said(check) == []  # outside WORKDIR nobody knows what is in sys.path
    assert imports.check(evidence(before, before, live(sources=facts), image_paths=image_paths)).ok


def test_sources_at_the_root_end_the_search() -> None:
    source = file("/srv/deep/app.py")
    both = side(source, folder("/srv/deep"), folder("/usr/local/lib/python3.12/site-packages/flask"))
    uses = (Use(name="flask", file="app.py", line=1),)
    image_paths = {"app.py": ("/srv/deep/app.py",)}
    seen = evidence(both, both, live(sources=SourceFacts(imports=uses)), image_paths=image_paths)
    assert imports.check(seen).ok


@pytest.mark.parametrize(
    ("interpreter", "release", "found"),
    [("python3", "3.9", True), ("python3.12", "3.12", True), ("python3.12", "3.9", False)],
)
def test_packages_of_another_interpreter_are_not_found(interpreter: str, release: str, found: bool) -> None:
    facts = SourceFacts(imports=(Use(name="flask", file="a.py", line=1),))
    python = file("/usr/local/bin/python3.12")
    before = side(python, folder("/usr/local/lib/python3.12/site-packages/flask"))
    after = side(
        file(f"/usr/local/bin/{interpreter}"), folder(f"/usr/local/lib/python{release}/site-packages/flask")
    )
    assert imports.check(evidence(before, after, live(sources=facts))).ok == found


SYSTEM, OWN = "/usr/local/lib/python3.12/site-packages/flask", "/app/.venv/lib/python3.13/site-packages/flask"


@pytest.mark.parametrize(
    ("start", "before", "after", "found"),
    [
        pytest.param("python", (SYSTEM,), (), False, id="the system's, which lacks it"),
        pytest.param("python", (SYSTEM, OWN), (OWN,), False, id="the system's does not see the environment"),
        pytest.param("/app/.venv/bin/python", (SYSTEM, OWN), (SYSTEM,), False, id="the environment lacks it"),
        pytest.param("/app/.venv/bin/python", (SYSTEM, OWN), (OWN,), True, id="the environment has it"),
        pytest.param("/app/.venv/bin/python", (SYSTEM,), (), True, id="only the system had it"),
        pytest.param("./.venv/bin/flask", (SYSTEM, OWN), (OWN,), True, id="a program of the environment"),
    ],
)
def test_the_environment_of_the_started_interpreter(
    start: str, before: tuple[str, ...], after: tuple[str, ...], found: bool
) -> None:
    facts = SourceFacts(imports=(Use(name="flask", file="a.py", line=1),))
    own = (file("/app/.venv/pyvenv.cfg"), link("/app/.venv/bin/python", "/usr/bin/python3.13"))
    pieces = (*own, program("/app/.venv/bin/flask"), file("/app/.venv/bin/python3.13"))
    pieces += (program("/usr/bin/python3.13"), program("/usr/local/bin/python3.12"))
    pieces += (program("/usr/local/bin/python"),)
    sides = (side(*pieces, *map(folder, paths), WorkingDir="/app", Cmd=[start]) for paths in (before, after))
    assert imports.check(evidence(*sides, live(sources=facts))).ok == found


@pytest.mark.parametrize("path", ["/", "//", "//app", "/app", "//app/sub"])
def test_the_way_up_ends(path: str) -> None:
    assert len(list(between(path, "/"))) <= 2
