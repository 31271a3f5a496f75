from roman import roman


def test_four():
    assert roman(14) == "XIV"
