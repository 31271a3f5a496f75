"""Files, links, volumes, owners, users and what left out: no-op cases first."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from unit.verify_sides import (
    Piece,
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
    used,
)

from slimify.image.model import Entry
from slimify.model.effects import Effect
from slimify.model.shell import Command
from slimify.model.sources import SourceFacts, Use
from slimify.verify.disk import files, leftovers, ownership, users

Pieces = tuple[Piece, ...]


def facts(*names: str) -> SourceFacts:
    return SourceFacts(paths=tuple(Use(name=name, file="app.py", line=3) for name in names))


A, B = file("/app/t/a.html"), file("/app/t/b.html")
NEEDED: list[tuple[str, Pieces, Pieces, tuple[str, ...], list[str]]] = [
    ("nothing is named", (A,), (), (), []),
    ("it is there", (A,), (A,), ("t/a.html", "/app/t"), []),
    ("neither has it", (), (), ("t/a.html",), []),
    ("a file for the moment", (file("/tmp/x"),), (), ("/tmp/x",), []),
    ("a directory that was empty too", (folder("/app/up"),), (folder("/app/up"),), ("up",), []),
    ("through a link", (A,), (link("/app/t", "/t"), file("/t/a.html")), ("t/a.html",), []),
    ("wildcards", (A, B), (A, B), ("t/*.html", "**/a.html"), []),
    ("waste and sources in a directory", (A, file("/app/t/.git/x"), file("/app/t/a.ts")), (A,), ("t",), []),
    ("installed in a directory", (A, file("/app/t/node_modules/a")), (A,), ("t",), []),
    ("a hidden file is none of a wildcard's", (A, file("/app/t/.x")), (A,), ("t/*",), []),
    ("a file", (A,), (), ("t/a.html",), ["app.py:3 reads /app/t/a.html, which is missing"]),
    ("an absolute path", (A,), (), ("/app/t/a.html",), ["app.py:3 reads /app/t/a.html, which is missing"]),
    ("a link that leads nowhere", (A,), (link("/app/t/a.html", "x"),), ("t/a.html",), ["missing"]),
    ("a directory", (A,), (), ("t",), ["app.py:3 reads /app/t, which is missing"]),
    (
        "what was in a directory",
        (A,),
        (folder("/app/t"),),
        ("t",),
        ["app.py:3 reads /app/t, which is now empty"],
    ),
    ("some of a directory", (A, B), (A,), ("t",), ["app.py:3 reads /app/t, which lacks b.html"]),
    (
        "one of what wildcards name",
        (A, B),
        (A,),
        ("t/*.html",),
        ["app.py:3 reads /app/t/b.html, which is missing"],
    ),
    (
        "wildcards in directories",
        (A, B),
        (B,),
        ("*/a.*",),
        ["app.py:3 reads /app/t/a.html, which is missing"],
    ),
    (
        "wildcards in all directories",
        (A,),
        (),
        ("**/*.html",),
        ["app.py:3 reads /app/t/a.html, which is missing"],
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "names", "found"), [x[1:] for x in NEEDED], ids=[x[0] for x in NEEDED]
)
def test_files_that_sources_name(old: Pieces, new: Pieces, names: tuple[str, ...], found: list[str]) -> None:
    before, after = side(*old, WorkingDir="/app"), side(*new, WorkingDir="/app")
    check = files.named_paths(evidence(before, after, live(sources=facts(*names))), "node")
    assert len(said(check)) == len(found)
    assert all(text.endswith(end) for text, end in zip(said(check), found, strict=True))
    assert all(need == "path" for need, _ in needs(check))


ENTRY = program("/usr/local/bin/docker-entrypoint.sh")
STARTED: list[tuple[str, tuple[str, ...], Pieces, bool]] = [
    ("a server of files", ("docker-entrypoint.sh", "serve"), (), True),
    ("by a script of package.json", ("docker-entrypoint.sh", "npm", "serve"), (), True),
    ("a server of files beside a program", ("serve", "node"), (), False),
    ("a bundle of it", ("docker-entrypoint.sh", "node"), (), False),
    ("an entry script of the application's", ("docker-entrypoint.sh", "serve"), (ENTRY,), False),
    ("the source is there", ("docker-entrypoint.sh", "serve"), (file("/app/build.js"),), False),
]


@pytest.mark.parametrize(("tools", "pieces", "idle"), [x[1:] for x in STARTED], ids=[x[0] for x in STARTED])
def test_what_only_a_build_executed_reads_nothing(tools: tuple[str, ...], pieces: Pieces, idle: bool) -> None:
    own = (file("/app/build.js"), file("/app/src/index.html"))
    before = side(*own, *pieces, base=(ENTRY,), WorkingDir="/app")
    after = side(*pieces, base=(ENTRY,), WorkingDir="/app")
    start = tuple(Effect(kind="app", tool=tool, command=Command(words=(), start=0, end=0)) for tool in tools)
    reading = SourceFacts(paths=(Use(name="src/index.html", file="build.js", line=4),))
    assert files.named_paths(evidence(before, after, live(sources=reading, start=start)), None).ok is idle


CONF = file("/etc/nginx/conf.d/site.conf", size=30)
SHIPPED = file("/etc/nginx/conf.d/site.conf", size=90)
NGINX = package("nginx", "/etc/nginx/conf.d/site.conf")


@pytest.mark.parametrize(
    ("old", "base", "new", "found"),
    [
        ((), (), (CONF,), []),
        ((CONF,), (), (CONF, *NGINX), []),
        ((CONF,), (), (), []),  # others look for what is missing
        ((CONF,), (), (SHIPPED,), []),  # the rewritten file builds its own
        ((CONF,), (), (SHIPPED, *NGINX), ["of the package nginx"]),
        ((CONF,), (SHIPPED,), (), ["of the base image"]),
    ],
)
def test_files_that_are_no_longer_the_ones_that_were_copied(
    old: Pieces, base: Pieces, new: Pieces, found: list[str]
) -> None:
    before, after = replace(side(*old), context_layers=frozenset({1})), side(*new, base=base)
    texts = said(files.copied_files(evidence(before, after)))
    assert [part in text for text, part in zip(texts, found, strict=True)] == [True] * len(found)
    assert said(files.copied_files(evidence(side(*old), after))) == []


def test_a_directory_above_the_working_directory_is_named_for_one_file() -> None:
    before, after = side(file("/srv/app/x"), file("/srv/y")), side(file("/srv/app/x"))
    for workdir, ok in (("/srv/app", True), ("/srv/app/x", True), ("/app", False)):
        old, new = (
            replace(s, image=replace(s.image, config={"WorkingDir": workdir})) for s in (before, after)
        )
        assert files.named_paths(evidence(old, new, live(sources=facts("/srv"))), None).ok is ok


def test_files_that_live_steps_name() -> None:
    before = side(file("/etc/app.conf"))
    check = files.named_paths(
        evidence(before, side(), live(paths=used("/etc/app.conf", by="Dockerfile"))), None
    )
    assert needs(check) == [("path", "/etc/app.conf")]


VOLUMES: list[tuple[str, Pieces, Pieces, list[str]]] = [
    ("not there before", (), (), []),
    ("empty in both", (folder("/data"),), (folder("/data"),), []),
    ("filled in both", (file("/data/x"),), (file("/data/x"), file("/data/y")), []),
    ("without caches", (file("/data/x"), file("/data/__pycache__/x.pyc")), (file("/data/x"),), []),
    ("the directory", (folder("/data"),), (), ["the directory of the volume /data is missing"]),
    (
        "its content",
        tuple(file(f"/data/d/{name}") for name in "abcde"),
        (file("/data/d/a"),),
        ["the volume /data starts without d/b, d/c, d/d and 1 more"],
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "found"), [row[1:] for row in VOLUMES], ids=[row[0] for row in VOLUMES]
)
def test_volumes(old: Pieces, new: Pieces, found: list[str]) -> None:
    check = files.volumes(evidence(side(*old, Volumes={"/data": {}}), side(*new, Volumes={"/data": {}})))
    assert said(check) == found
    assert needs(check) == [("path", "/data")] * len(found)


TO_X = link("/app/current", "/srv/x")
LINKS: list[tuple[str, Pieces, Pieces, list[str]]] = [
    ("none", (), (), []),
    ("leads somewhere", (TO_X, file("/srv/x")), (TO_X, file("/srv/x")), []),
    ("led nowhere before", (TO_X,), (TO_X,), []),
    (
        "documentation that slim images leave out",
        (link("/usr/share/doc/a", "b"), folder("/usr/share/doc/b")),
        (link("/usr/share/doc/a", "b"),),
        [],
    ),
    (
        "the Python that a Node module was compiled with",
        (
            link("/app/node_modules/fast/build/node_gyp_bins/python3", "/usr/bin/python3"),
            file("/usr/bin/python3"),
        ),
        (link("/app/node_modules/fast/build/node_gyp_bins/python3", "/usr/bin/python3"),),
        [],
    ),
    ("in circles, as before", (link("/a", "b"), link("/b", "a")), (link("/a", "b"), link("/b", "a")), []),
    (
        "lost",
        (TO_X, file("/srv/x")),
        (TO_X,),
        ["the symlink /app/current points to /srv/x, which is missing"],
    ),
    (
        "through another link",
        (TO_X, link("/srv/x", "y"), file("/srv/y")),
        (TO_X, link("/srv/x", "y")),
        ["/app/current", "/srv/x"],
    ),
]


@pytest.mark.parametrize(("old", "new", "found"), [row[1:] for row in LINKS], ids=[row[0] for row in LINKS])
def test_links(old: Pieces, new: Pieces, found: list[str]) -> None:
    check = files.links(evidence(side(*old), side(*new)))
    assert len(said(check)) == len(found)
    assert all(part in text for text, part in zip(said(check), found, strict=True))


@pytest.mark.parametrize(
    ("more", "names", "grade"),
    [((), (), "may-matter"), (package("x", "/app/current"), (), "cosmetic"), ((), ("current",), "breaks")],
)
def test_what_a_lost_link_matters(more: Pieces, names: tuple[str, ...], grade: str) -> None:
    before, after = side(TO_X, file("/srv/x"), *more, WorkingDir="/app"), side(TO_X)
    check = files.links(evidence(before, after, live(sources=facts(*names))))
    assert [finding.grade for finding in check.findings] == [grade]


def test_a_lost_link_needs_what_it_led_to() -> None:
    before = side(TO_X, link("/srv/x", "y"), file("/srv/y"))
    assert needs(files.links(evidence(before, side(TO_X)))) == [("path", "/srv/y")]


def test_a_lost_link_to_root_certificates_needs_their_package() -> None:
    bundle = "/etc/ssl/certs/ca-certificates.crt"
    to_bundle = link("/usr/lib/ssl/cert.pem", bundle)
    before = side(to_bundle, file(bundle), *package("ca-certificates"))
    assert needs(files.links(evidence(before, side(to_bundle)))) == [("package", "ca-certificates")]


def table(**ids: int) -> str:
    return "root:x:0:0:root:/root:/bin/sh\n" + "".join(f"{n}:x:{i}:{i}::/home/{n}:\n" for n, i in ids.items())


def groups(**ids: int) -> str:
    return "root:x:0:\n" + "".join(f"{n}:x:{i}:\n" for n, i in ids.items())


def account_files(**ids: int) -> Pieces:
    return file("/etc/passwd", table(**ids)), file("/etc/group", groups(**ids))


X = "/app/x"
OWNERS: list[tuple[str, Pieces, Pieces, dict[str, object], list[str]]] = [
    ("nothing", (), (), {}, []),
    ("equal", (file(X, uid=5, mode=0o640),), (file(X, uid=5, mode=0o640),), {}, []),
    ("only one has it", (file(X),), (), {}, []),
    ("caches", (file("/app/__pycache__/x.pyc", uid=1),), (file("/app/__pycache__/x.pyc"),), {}, []),
    ("a cache of somebody's", (file("/home/a/.cache/x", uid=1),), (file("/home/a/.cache/x"),), {}, []),
    ("a link instead", (file(X, uid=1),), (link(X, "/y"), file("/y", uid=1)), {}, []),
    ("a file of the base image", (), (file(X, mode=0o600),), {}, []),
    (
        "ids that a package got, by name",
        (*account_files(postgres=101), file("/var/lib/pg", uid=101, gid=101)),
        (*account_files(postgres=999), file("/var/lib/pg", uid=999, gid=999)),
        {},
        [],
    ),
    (
        "the usual directories of another base",
        (folder("/usr/local", mode=0o2775),),
        (folder("/usr/local"),),
        {},
        [],
    ),
    (
        "a directory that root closed for others",
        (folder("/d", mode=0o777),),
        (folder("/d"),),
        {},
        ["/d: 0:0 0777 became 0:0 0755"],
    ),
    ("an owner", (file(X, uid=1500),), (file(X),), {}, ["/app/x: 1500:0 0644 became 0:0 0644"]),
    ("a group", (file(X, gid=5),), (file(X),), {}, ["/app/x: 0:5 0644 became 0:0 0644"]),
    ("a mode", (file(X, mode=0o755),), (file(X),), {}, ["/app/x: 0:0 0755 became 0:0 0644"]),
    ("set-uid", (file(X, mode=0o4755),), (file(X, mode=0o755),), {}, ["/app/x: 0:0 4755 became 0:0 0755"]),
    ("capabilities", (file(X, capabilities="01"),), (file(X),), {}, ["with capabilities 01 became"]),
    ("a kind", (folder(X),), (file(X),), {}, ["/app/x was a directory and is a file"]),
    (
        "a directory that a user writes to",
        (folder("/d", mode=0o777),),
        (folder("/d"),),
        {"User": "app"},
        ["/d: "],
    ),
    (
        "a directory that a program writes to after it stepped down",
        (folder("/d", mode=0o777),),
        (folder("/d"),),
        {"Cmd": ["gosu", "app", "x"]},
        ["/d: "],
    ),
    (
        "many alike are one",
        tuple(file(f"/app/{n}", uid=7) for n in "abc"),
        tuple(file(f"/app/{n}") for n in "abc"),
        {},
        ["/app/a and 2 more: 7:0 0644 became 0:0 0644"],
    ),
    (
        "ids of people count as numbers",
        (*account_files(app=1000), file(X, uid=1000)),
        (*account_files(app=1001), file(X, uid=1001)),
        {},
        ["/app/x: 1000:0 0644 became 1001:0 0644"],
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "config", "found"), [row[1:] for row in OWNERS], ids=[row[0] for row in OWNERS]
)
def test_owners(old: Pieces, new: Pieces, config: dict[str, object], found: list[str]) -> None:
    check = ownership.check(evidence(side(*old, **config), side(*new, **config)))
    texts = [finding.text for finding in check.findings]
    assert len(texts) == len(found)
    assert all(part in text for text, part in zip(texts, found, strict=True))


def test_a_mode_that_was_set_on_a_file_of_the_base_image() -> None:
    ping = program("/usr/bin/ping")
    before = side(program("/usr/bin/ping", mode=0o4755), base=(ping,))
    assert not ownership.check(evidence(before, side(base=(ping,)))).ok
    assert ownership.check(evidence(side(base=(ping,)), side(base=(ping,)))).ok


USERS: list[tuple[str, Pieces, Pieces, str, list[str]]] = [
    ("no table at all", (), (), "", []),
    ("root", account_files(), account_files(), "root", []),
    ("the same", account_files(app=1000), account_files(app=1000), "app", []),
    (
        "a package's user that owns nothing of the application",
        account_files(messagebus=101),
        account_files(),
        "",
        [],
    ),
    (
        "a package's user that owns files of the package",
        (*account_files(dbus=101), file("/x", gid=101), *package("dbus", "/x")),
        (*account_files(), file("/x")),
        "",
        [],
    ),
    ("a new one", account_files(), account_files(app=1000), "", []),
    ("nobody", account_files(nobody=65534), account_files(), "", []),
    (
        "USER",
        account_files(app=101),
        account_files(),
        "app",
        ["the user app (101) does not exist"],
    ),
    (
        "USER by number",
        account_files(app=101),
        account_files(),
        "101",
        ["the user app (101) does not exist"],
    ),
    (
        "USER with its group",
        account_files(app=101),
        account_files(),
        "app:app",
        ["the user app (101) does not exist", "the group app (101) does not exist"],
    ),
    (
        "another id",
        account_files(app=101),
        account_files(app=102),
        "app",
        ["the user app has the id 102, not 101"],
    ),
    (
        "the owner of a file",
        (*account_files(app=101), file("/app/x", uid=101)),
        (*account_files(), file("/app/x", uid=101)),
        "",
        ["the user app (101) does not exist"],
    ),
    (
        "someone who was made",
        account_files(app=1000),
        account_files(),
        "",
        ["the user app (1000) does not exist", "the group app (1000) does not exist"],
    ),
    (
        "a home",
        (file("/etc/passwd", "app:x:101:0::/srv:/bin/sh\n"),),
        (file("/etc/passwd", "app:x:101:0::/home:/bin/sh\n"),),
        "app",
        ["the home of app is /home, not /srv"],
    ),
    (
        "a further group",
        (file("/etc/passwd", table(app=101)), file("/etc/group", "video:x:44:a,app\n")),
        (file("/etc/passwd", table(app=101)), file("/etc/group", "video:x:44:a\n")),
        "app",
        ["app is no longer in the group video"],
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "user", "found"), [row[1:] for row in USERS], ids=[row[0] for row in USERS]
)
def test_users(old: Pieces, new: Pieces, user: str, found: list[str]) -> None:
    assert said(users.check(evidence(side(*old, User=user), side(*new, User=user)))) == found


@pytest.mark.parametrize(
    ("group", "more", "grade"),
    [
        ("video", (), "breaks"),
        ("users", (), "may-matter"),
        ("users", (file("/app/x", gid=44),), "breaks"),
    ],
)
def test_the_group_of_all_accounts_may_matter(group: str, more: Pieces, grade: str) -> None:
    rows = file("/etc/passwd", table(app=101)), file("/etc/group", f"{group}:x:44:app\n")
    new = file("/etc/passwd", table(app=101)), file("/etc/group", f"{group}:x:44:\n")
    check = users.check(evidence(side(*rows, *more, User="app"), side(*new, *more, User="app")))
    assert [finding.grade for finding in check.findings] == [grade]


def test_the_name_of_root_may_matter() -> None:
    """An image from scratch has no table of accounts, and root acts there."""
    before = side(
        file("/etc/passwd", "root:x:0:0::/root:/bin/sh\n"), file("/etc/group", "root:x:0:\n"), file("/x")
    )
    check = users.check(evidence(before, side(file("/x"))))
    assert [finding.grade for finding in check.findings] == ["may-matter", "may-matter"]


@pytest.mark.parametrize(("user", "grade"), [("app", "breaks"), ("1000", "breaks"), ("", "may-matter")])
def test_an_account_that_nobody_uses_may_matter(user: str, grade: str) -> None:
    check = users.check(
        evidence(side(*account_files(app=1000), User=user), side(*account_files(), User=user))
    )
    assert {finding.grade for finding in check.findings} >= {grade}
    assert check.ok is (grade != "breaks")


def test_accounts_of_the_base_image_that_nobody_uses() -> None:
    before, after = side(base=account_files(node=1000)), side(base=account_files())
    assert users.check(evidence(before, after)).ok


def entry(path: str, digest: str) -> Piece:
    return Piece(Entry.at(path, kind="file", digest=digest))


CONTENTS: list[tuple[str, Pieces, Pieces, list[str]]] = [
    ("equal", (entry("/x", "1"),), (entry("/x", "1"),), []),
    ("changed", (entry("/x", "1"),), (entry("/x", "2"),), ["/x has different content"]),
    ("lost", (entry("/x", "1"),), (), ["/x is missing"]),
    ("never there", (), (), ["/x is not in the original either"]),
]


@pytest.mark.parametrize(("old", "new", "found"), [x[1:] for x in CONTENTS], ids=[x[0] for x in CONTENTS])
def test_named_files(old: Pieces, new: Pieces, found: list[str]) -> None:
    assert said(files.probed_files(evidence(side(*old), side(*new)), ("/x",))) == found


BEHIND: list[tuple[str, Pieces, Pieces, str | None, str]] = [
    ("nothing", (A,), (A,), "python", ""),
    ("elsewhere", (file("/opt/x"),), (), "python", ""),
    ("development packages", (file("/app/node_modules/jest/x.js"),), (), "node", ""),
    ("version control and caches", (file("/app/.git/HEAD"), file("/app/x.pyc")), (), "python", ""),
    ("sources of Go", (file("/app/main.go"), file("/app/go.sum"), file("/app/vendor/x/y")), (), "go", ""),
    ("through another link", (A,), (link("/app/t", "/t"), file("/t/a.html")), "python", ""),
    (
        "a source of another language",
        (file("/app/main.go", size=7),),
        (),
        "node",
        "1 file (7 bytes) left out: /app/main.go",
    ),
    (
        "files",
        tuple(file(f"/app/{n}.yaml", size=10) for n in "abcd"),
        (),
        "go",
        "4 files (40 bytes) left out, for example /app/a.yaml, /app/b.yaml, /app/c.yaml",
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "language", "text"), [x[1:] for x in BEHIND], ids=[x[0] for x in BEHIND]
)
def test_left_behind(old: Pieces, new: Pieces, language: str | None, text: str) -> None:
    check = leftovers.missing_application_files(evidence(side(*old), side(*new)), ("/app", "/none"), language)
    assert check.ok
    assert check.note == bool(text)
    assert check.detail == (text or "every file that run time could need exists")


def test_what_the_base_image_has_in_the_directory_is_not_the_application() -> None:
    assert not leftovers.missing_application_files(evidence(side(base=(A,)), side()), ("/app",), None).note


ELSEWHERE: list[tuple[str, Pieces, Pieces, str]] = [
    ("nothing", (), (), ""),
    ("there", (file("/data/m", size=9000),), (file("/data/m", size=9000),), ""),
    ("little", (file("/data/m", size=90),), (), ""),
    ("the application's", (file("/app/m", size=9000),), (), ""),
    ("the system's", (file("/usr/share/m", size=9000), file("/go/pkg/m", size=9000)), (), ""),
    ("caches", (file("/root/.cache/m", size=9000), file("/tmp/m", size=9000)), (), ""),
    ("a package's", (file("/opt/m", size=9000), *package("m", "/opt/m")), (), ""),
    (
        "models",
        (
            file("/root/nltk_data/a", size=9000),
            file("/root/nltk_data/b/c", size=1000),
            file("/srv/x", size=20000),
        ),
        (),
        "left out: /srv/x: 1 file (20,000 bytes), /root/nltk_data: 2 files (10,000 bytes)",
    ),
]


@pytest.mark.parametrize(("old", "new", "text"), [x[1:] for x in ELSEWHERE], ids=[x[0] for x in ELSEWHERE])
def test_data_elsewhere(old: Pieces, new: Pieces, text: str) -> None:
    check = leftovers.missing_data_elsewhere(evidence(side(*old), side(*new)), ("/app",))
    assert check.ok
    assert check.note == bool(text)
    assert check.detail == (text or "none is left out")


@pytest.mark.parametrize(
    ("start", "messages"),
    [
        pytest.param(["go", "run", "main.go"], ["missing"], id="the-same-start"),
        pytest.param(["/bin/x", "./main.go"], ["missing"], id="another-program-for-the-file"),
        pytest.param(["/bin/x"], [], id="another-start"),
    ],
)
def test_what_only_a_replaced_start_reads(start: list[str], messages: list[str]) -> None:
    before = side(file("/app/main.go"), WorkingDir="/app", Cmd=["go", "run", "main.go"])
    named = live(paths={"/app/main.go": Use(name="/app/main.go", file="Dockerfile", line=0)})
    check = files.named_paths(evidence(before, side(WorkingDir="/app", Cmd=start), named), "go")
    assert len(check.findings) == len(messages)
