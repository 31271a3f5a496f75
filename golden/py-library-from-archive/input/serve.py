import ctypes
from http.server import BaseHTTPRequestHandler, HTTPServer

library = ctypes.CDLL("libsum.so.1")


class Sums(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"2 + 3 = {library.sum(2, 3)}\n".encode())


HTTPServer(("", 8000), Sums).serve_forever()
