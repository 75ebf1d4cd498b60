"""Requests to the application as its server makes them, without the network between."""

import io
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.handlers.wsgi import WSGIHandler

from chatops.actions import tokens


class Caller:
    """A program with a token that may read everything."""

    def __init__(self) -> None:
        self.handler = WSGIHandler()
        owner, _ = User.objects.get_or_create(username="bench")
        owner.groups.add(Group.objects.get_or_create(name="auditor")[0])  # sees every topic
        scopes = ("read", "transcripts", "personal", "feed", "export")
        _, self.token = tokens.issue(owner=owner, label="bench", scopes=scopes)

    def get(self, address: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers of a GET."""
        path, _, query = address.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "HTTP_HOST": "127.0.0.1",
            "HTTP_AUTHORIZATION": f"Bearer {self.token}",
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }
        told: dict[str, Any] = {}

        def start(
            status: str, headers: list[tuple[str, str]], _error: Any = None, /
        ) -> Callable[[bytes], object]:
            told["status"], told["headers"] = int(status[:3]), dict(headers)
            return bytes  # the old way of writing a body, which Django does not use

        answer = self.handler(environ, start)
        try:
            body = b"".join(answer)
        finally:
            answer.close()
        return told["status"], body, told["headers"]

    def reads(self, address: str, times: int = 1) -> Callable[[], None]:
        """A run of that many reads of one address, each of which must succeed."""

        def run() -> None:
            for _ in range(times):
                status, body, _ = self.get(address)
                if status != 200:
                    raise RuntimeError(f"{address}: {status} {body[:300]!r}")

        return run
