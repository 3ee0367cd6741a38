"""A loopback server that answers as it is told, and clients for it."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from resizer.s3.client import S3Client
from resizer.s3.connections import Connections
from resizer.s3.signature import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterator


OK = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 3\r\n\r\ncat'
PATIENCE = 10  # seconds that a test waits for what should come at once
SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Wait &amp; see.</Message></Error>"


class Server:
    """A loopback server that gives each request the next of its answers; b"" closes the connection instead."""

    def __init__(self, answers: list[bytes]) -> None:
        self.answers = answers
        self.requests: list[bytes] = []
        self.connections = 0
        self.redirecting: threading.Barrier | None = None  # met by requests for the wrong region before they are told
        self.dead = 0  # so many connections, the first ones, end as soon as something is asked on them
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def close(self) -> None:
        """Listen no more, and end all connections."""
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
        with suppress(OSError), connection, connection.makefile("rb") as lines:  # whoever hangs up may do so
            while request := lines.readline():
                if self._open.index(connection) < self.dead:
                    return
                head = request + b"".join(iter(lines.readline, b"\r\n"))
                length = next((line for line in head.split(b"\r\n") if line.startswith(b"Content-Length")), b":0")
                self.requests.append(head + lines.read(int(length.partition(b":")[2])))
                if self.redirecting and b"/us-east-1/s3/" in head:
                    self.redirecting.wait(PATIENCE)
                    connection.sendall(elsewhere("eu-north-1"))
                    continue
                answer = self.answers.pop(0)
                if not answer:
                    connection.shutdown(socket.SHUT_RDWR)
                    return
                connection.sendall(answer)
                if b"\r\nConnection: close\r\n" in answer:
                    return


@contextmanager
def serving(*answers: bytes) -> Iterator[tuple[S3Client, Server]]:
    """A client and the server that it talks to."""
    server = Server(list(answers))
    try:
        yield client_for(server.url), server
    finally:
        server.close()


def client_for(url: str) -> S3Client:
    return S3Client(Credentials("key", "secret", "token"), "us-east-1", url, Connections(0.5, 0.5))


def refused(status: int, body: bytes = b"", extra: str = "") -> bytes:
    return f"HTTP/1.1 {status} No\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body


def in_chunks(status: int, body: bytes) -> bytes:
    """A refusal whose length is not told beforehand."""
    head = f"HTTP/1.1 {status} No\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    return head + b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:9], body[9:], b""))


def long_error(code: str) -> bytes:
    """An error that takes more than one read from the socket, its code behind the first."""
    return f"<Error><Message>{'x' * 10_000}</Message><Code>{code}</Code></Error>".encode()


def elsewhere(region: str) -> bytes:
    """S3's answer to a request that came to the wrong region."""
    return refused(301, b"<Error><Code>PermanentRedirect</Code></Error>", f"x-amz-bucket-region: {region}\r\n")
