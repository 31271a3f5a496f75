NUMERALS = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


def roman(number):
    text = ""
    for value, numeral in NUMERALS:
        count, number = divmod(number, value)
        text += numeral * count
    return text


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [roman(int(environ["PATH_INFO"].strip("/") or 1)).encode()]
