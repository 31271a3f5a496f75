import bottle


def test_tells_the_tide():
    assert bottle.__version__
