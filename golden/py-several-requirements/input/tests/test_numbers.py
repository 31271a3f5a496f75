from numbers_app import grouped


def test_grouped():
    assert grouped(1000) == "1,000"
