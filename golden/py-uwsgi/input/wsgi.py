def application(environ, start_response):
    import uwsgi

    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"served by uwsgi, workers: %d\n" % len(uwsgi.workers())]
