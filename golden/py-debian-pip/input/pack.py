"""Says whether what is packed comes out again as it was."""

import zstandard

WORDS = [b"what", b"is", b"packed", b"comes", b"out"]


def application(environ, start_response):
    packed = [zstandard.ZstdCompressor().compress(word) for word in WORDS]
    whole = [zstandard.ZstdDecompressor().decompress(data) for data in packed]
    same = sum(a == b for a, b in zip(WORDS, whole))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"zstd: {same} of {len(WORDS)}\n".encode()]
