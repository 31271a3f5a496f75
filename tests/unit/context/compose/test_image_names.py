from __future__ import annotations

import pytest

from slimify.context.compose.image_names import ImageNames, repository


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("", ""),
        ("app", "app"),
        ("r.example:5000/me/app:1@sha256:0", "app"),
        ("${REGISTRY}/me/app:${TAG:-latest}", "app"),
        ("${IMAGE}", "$IMAGE"),
        ("${IMAGE:-r.example/me/app:1}", "app"),
        ("${IMAGE-me/app}", "app"),
        ("${IMAGE:?not set}", "$IMAGE"),
    ],
)
def test_repository(image: str, expected: str) -> None:
    assert repository(image) == expected


NAMES = ImageNames(
    own=frozenset({"app"}),
    others=frozenset({"other"}),
    dockerfile="api/Dockerfile",
    dockerfiles=lambda: ("api/Dockerfile", "workers/mail/Dockerfile", "Dockerfile.docs"),
)


@pytest.mark.parametrize(
    ("image", "elsewhere", "expected"),
    [
        ("", False, False),
        ("me/other", False, False),
        ("redis:7", False, False),
        ("${MIRROR}/library/redis", False, False),
        ("${CACHE:-redis}", False, False),
        ("quay.io/prometheus/node-exporter", False, False),
        ("docker.elastic.co/x/y", False, False),
        ("me/shop-mail:1", False, False),
        ("me/docs", False, False),
        ("me/shop", True, False),
        ("$REGISTRY/shop", True, False),
        ("$CI_REGISTRY_IMAGE/mail", True, False),
        ("$CI_REGISTRY_IMAGE/shop:1", True, True),
        ("${CI_REGISTRY_IMAGE}/shop", True, True),
        ("me/app", True, True),
        ("${IMAGE}", True, True),
        ("me/shop", False, True),
        ("me/shop_api", False, True),
        ("me/mail-api", False, True),
        ("me/email", False, True),
    ],
)
def test_what_may_be_the_image(image: str, elsewhere: bool, expected: bool) -> None:
    assert NAMES.may_mean_own(image, elsewhere=elsewhere) is expected
