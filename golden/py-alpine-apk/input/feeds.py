"""Turns a feed that is posted into a list of its titles."""

from lxml import etree


def application(environ, start_response):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    feed = etree.fromstring(environ["wsgi.input"].read(length) or b"<rss/>")
    titles = "\n".join(feed.xpath("//item/title/text()"))
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return [titles.encode()]
