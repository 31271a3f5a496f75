"""Which programs serve files, which start others, and which settings hold command lines."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from slimify.facts import servers

Question = Callable[[str], bool]

# A question, then what it is not true of, then what it is true of.
ROWS: dict[str, tuple[Question, str, str]] = {
    "web server": (
        servers.is_web_server,
        "serve node uwsgi php-fpm",
        "nginx httpd apache2ctl /usr/sbin/lighttpd",
    ),
    "only files": (servers.serves_only_files, "httpd apache2 lighttpd node", "nginx caddy serve http-server"),
    "drops root": (servers.drops_root, "caddy gunicorn sh", "nginx httpd supervisord /usr/sbin/php-fpm"),
    "sets PATH": (servers.sets_path, "supervisord sh env", "cron su sudo systemctl s6-svscan"),
    "command lines": (
        servers.holds_commands,
        "app.conf Procfile.dev nginx.conf supervisor/readme.md",
        "Procfile deploy/supervisord.conf etc/supervisor/app.conf app.supervisor jobs.cron etc/crontab",
    ),
    "key": (servers.is_command_key, "user directory", "command web ExecStart"),
}


@pytest.mark.parametrize(("asked", "no", "yes"), ROWS.values(), ids=ROWS)
def test_answers(asked: Question, no: str, yes: str) -> None:
    assert [word for word in no.split() if asked(word)] == []
    assert [word for word in yes.split() if not asked(word)] == []


def test_what_is_served_if_nothing_is_configured() -> None:
    assert "/usr/share/nginx/html" in servers.document_roots()
    assert {"public", "static"} <= set(servers.served_names())
