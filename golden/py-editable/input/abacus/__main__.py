from bottle import request, route, run


@route("/")
def add():
    return str(sum(map(int, request.query.getall("add"))))


run(host="0.0.0.0", port=8000)
