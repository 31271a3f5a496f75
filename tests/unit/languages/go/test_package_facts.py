from __future__ import annotations

import pytest

from slimify.languages.go.package_facts import go_package


@pytest.mark.parametrize(
    ("path", "cgo"),
    [
        ("net/http", "no"),
        ("github.com/gin-gonic/gin", "no"),
        ("modernc.org/sqlite", "no"),
        ("github.com/google/gopacket", "no"),
        ("net", "optional"),
        ("github.com/google/gopacket/pcap", "always"),
        ("github.com/mattn/go-sqlite3", "always"),
        ("github.com/confluentinc/confluent-kafka-go/v2/kafka", "always"),
        ("fyne.io/fyne/v2/app", "always"),
    ],
)
def test_cgo(path: str, cgo: str) -> None:
    assert go_package(path).cgo == cgo


def test_go_commands_and_files() -> None:
    assert go_package("github.com/chromedp/chromedp").commands == ("chromium",)
    assert go_package("github.com/golang-migrate/migrate/v4/source/file").files == ("migrations",)
    assert go_package("github.com/golang-migrate/migrate/v4").files == ()
    assert go_package("github.com/urfave/negroni").computes_names
    assert go_package("github.com/joho/godotenv/autoload").files == (".env",)
