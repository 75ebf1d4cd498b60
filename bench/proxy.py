"""A plain reverse proxy: `python -m bench.proxy PORT TARGET`. A thread and a connection each."""

import http.client
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_LOCAL = threading.local()
#: Headers of one connection only.
_HOPS = {"connection", "transfer-encoding", "keep-alive", "server", "date"}


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    target = ""

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not hasattr(_LOCAL, "far"):
            _LOCAL.far = http.client.HTTPConnection(self.target, timeout=30)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOPS}
        _LOCAL.far.request(self.command, self.path, body or None, headers)
        answer = _LOCAL.far.getresponse()
        data = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOPS | {"content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = _pass  # noqa: N815 http.server's names

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


if __name__ == "__main__":
    Proxy.target = urlsplit(sys.argv[2]).netloc
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Proxy).serve_forever()
