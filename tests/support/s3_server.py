"""A loopback server with prepared answers, and the service's own client for it."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from unittest.mock import patch

from resizer.s3 import clients

OK = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 3\r\n\r\ncat'
STORED = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 0\r\n\r\n'
SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Wait &amp; see.</Message></Error>"


class Server:
    """A loopback server that gives each request the next of its answers. b"" closes the connection instead."""

    def __init__(self, answers: list[bytes]) -> None:
        self.answers = answers
        self.requests: list[bytes] = []
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def header(self, name: str, request: int = 0) -> str | None:
        """A header of one of the requests so far."""
        found = [line.partition(b": ") for line in self.requests[request].split(b"\r\n\r\n")[0].split(b"\r\n")]
        return next((value.decode() for key, _, value in found if key.decode().lower() == name.lower()), None)

    def close(self) -> None:
        """Stop listening, and close all connections."""
        self._listening.close()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rb") as lines:  # a client may hang up
            while request := lines.readline():
                head = request + b"".join(iter(lines.readline, b"\r\n"))
                length = next((line for line in head.split(b"\r\n") if line.startswith(b"Content-Length")), b":0")
                self.requests.append(head + b"\r\n" + lines.read(int(length.partition(b":")[2])))
                answer = self.answers.pop(0)
                if not answer:
                    connection.shutdown(socket.SHUT_RDWR)
                    return
                connection.sendall(answer)
                if b"\r\nConnection: close\r\n" in answer:
                    return


@contextmanager
def serving(*answers: bytes) -> Iterator[tuple[Any, Server]]:
    """The service's own client, and the server that it talks to."""
    server = Server(list(answers))
    environment = {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": server.url,
        "NO_PROXY": "127.0.0.1",
    }
    try:
        with patch.dict(os.environ, environment):
            clients.forget()
            yield clients.s3(), server
    finally:
        clients.forget()
        server.close()


def refused(status: int, body: bytes = b"", extra: str = "") -> bytes:
    """A response with an error status."""
    return f"HTTP/1.1 {status} No\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body
