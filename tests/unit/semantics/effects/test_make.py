"""What make leaves of sources that nobody has read."""

from __future__ import annotations

import pytest

from slimify.semantics.effects.interpret import interpreted
from slimify.semantics.effects.state import State

BUILD = "cd ta-lib && ./configure --prefix={0} && make && make install"
FETCH = "wget https://example.org/{0} && tar -xzf {0} && "
OLD, NEW = "ta-lib-0.4.0-src.tar.gz", "ta-lib-0.6.4-src.tar.gz"
ONE = "/usr/lib/libta_lib.so.0"

# id: (script, what it installs)
INSTALLED = {
    "another-release": (FETCH.format(NEW) + BUILD.format("/usr"), "/usr"),
    "a-clone": ("git clone https://example.org/ta-lib && " + BUILD.format("/usr"), "/usr"),
    "a-prefix-of-its-own": (FETCH.format(OLD) + BUILD.format("/opt/ta"), "/opt/ta"),
    "other-sources": (FETCH.format(OLD) + BUILD.format("/usr").replace("ta-lib", "b"), "/usr"),
    "known": (FETCH.format(OLD) + BUILD.format("/usr"), ONE),
    "known-by-its-address": (
        f"curl -o /a.tgz https://example.org/{OLD} && tar -xzf /a.tgz && {BUILD.format('/usr')}",
        ONE,
    ),
}


@pytest.mark.parametrize(("script", "place"), INSTALLED.values(), ids=INSTALLED)
def test_what_an_install_writes(script: str, place: str) -> None:
    install = [e for atom in interpreted(script, State(cwd="/")).effects for e in atom][-1]
    assert [w for w in install.writes if w != install.cwd] == [place]
