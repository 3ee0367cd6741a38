"""A small, cheap S3 in a process of its own: GET, HEAD and PUT over HTTP/1.1, with a settable network.

A folder's files are the objects: a GET of `bucket/any/thing/NAME` serves `NAME`, so that every round of a benchmark can
have a key of its own and with it the ordinary first PUT. What is PUT is kept for a while and served under its key.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

# Between loopback and the 100 to 200 ms that the S3 user guide allows for a small object ("Performance guidelines"); an
# assumption to be replaced by one's own, or by measuring on AWS with LIVE=.
FIRST_BYTE_MS: Final = 15.0
# 600 Mbit/s: people who measured a function's download from S3 report 400 to 700, nearly whatever its memory size.
MEGABYTES_PER_SECOND: Final = 75.0
PIECE: Final = 65_536
KEPT: Final = 256  # objects


@dataclass(frozen=True, slots=True)
class Network:
    """Milliseconds to the first byte of each answer, and megabytes per second of each connection; 0: unlimited."""

    first_byte_ms: float = FIRST_BYTE_MS
    megabytes_per_second: float = MEGABYTES_PER_SECOND

    def seconds(self, size: int) -> float:
        """How long `size` bytes take."""
        return size / (self.megabytes_per_second * 1e6) if self.megabytes_per_second else 0.0


@dataclass(frozen=True, slots=True)
class Stored:
    """An object: its body, quoted ETag, and the headers that come back with it."""

    body: bytes
    etag: str
    headers: tuple[str, ...] = ()


@dataclass(slots=True)
class Bucket:
    """All objects: a folder's files, and the last that were PUT."""

    folder: Path
    written: OrderedDict[str, Stored] = field(default_factory=OrderedDict)
    files: dict[str, Stored] = field(default_factory=dict)

    def get(self, key: str) -> Stored | None:
        """An object by its key, or a file by the last part of it."""
        name = key.rpartition("/")[2]
        if key in self.written or "/resized/" in key:
            return self.written.get(key)
        if name not in self.files and (self.folder / name).is_file():
            body = (self.folder / name).read_bytes()
            self.files[name] = Stored(body, f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"')
        return self.files.get(name)

    def put(self, key: str, body: bytes, headers: dict[str, str]) -> Stored:
        """Store an object; the oldest goes where there are too many."""
        kept = tuple(
            f"{name}: {value}"
            for name, value in headers.items()
            if name in {"content-type", "cache-control"} or name.startswith("x-amz-meta-")
        )
        etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        self.written[key] = Stored(body, etag, kept)
        if len(self.written) > KEPT:
            self.written.popitem(last=False)
        return self.written[key]


class Connection(asyncio.Protocol):
    """One keep-alive connection, one request after the other."""

    def __init__(self, bucket: Bucket, network: Network) -> None:
        self._bucket = bucket
        self._network = network
        self._received = bytearray()
        self._continued = False
        self._busy = False
        self._gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the way back."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, problem: Exception | None) -> None:
        """Whoever asked has gone: what is still due to be sent is not."""
        del problem
        self._gone = True

    def data_received(self, data: bytes) -> None:
        """Answer as soon as a request is whole."""
        self._received += data
        if not self._busy:
            self._next_request()

    def _next_request(self) -> None:
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        first, *lines = self._received[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = int(headers.get("content-length", 0))
        if len(self._received) < end + 4 + size:
            if headers.get("expect") == "100-continue" and not self._continued:
                self._continued = True
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return
        body = bytes(self._received[end + 4 : end + 4 + size])
        del self._received[: end + 4 + size]
        self._continued, self._busy = False, True
        method, target = first.split(" ")[:2]
        answer = self._answer(method, unquote(target.partition("?")[0]), headers, body)
        delay = self._network.first_byte_ms / 1000 + self._network.seconds(size)
        asyncio.get_running_loop().call_later(delay, self._send, *answer)

    def _answer(self, method: str, key: str, headers: dict[str, str], body: bytes) -> tuple[bytes, bytes]:
        """An answer's head and the body to be sent at the network's pace."""
        stored = self._bucket.get(key)
        if "if-match" in headers and (stored is None or headers["if-match"] != stored.etag):
            return _error(412 if stored else 404, method)
        if headers.get("if-none-match") == "*" and stored:
            return _error(412, method)
        if method == "PUT":
            stored = self._bucket.put(key, body, headers)
            return _head(200, 0, f"ETag: {stored.etag}"), b""
        if stored is None:
            return _error(404, method)
        first, last = _range(headers.get("range", ""), len(stored.body))
        part = stored.body[first : last + 1]
        placed = (f"Content-Range: bytes {first}-{last}/{len(stored.body)}",) if "range" in headers else ()
        head = _head(206 if placed else 200, len(part), f"ETag: {stored.etag}", *stored.headers, *placed)
        return head, part if method == "GET" else b""

    def _send(self, head: bytes, body: bytes) -> None:
        if self._gone:
            return
        if not self._network.megabytes_per_second:
            self._transport.write(head + body if len(body) <= PIECE else head)
            if len(body) > PIECE:
                self._transport.write(body)
            self._done()
            return
        self._transport.write(head)
        self._pour(memoryview(body), asyncio.get_running_loop().time(), 0)

    def _pour(self, body: memoryview, begin: float, sent: int) -> None:
        """Send what is due by now, and the rest later."""
        loop = asyncio.get_running_loop()
        while sent < len(body) and not (self._gone or self._transport.is_closing()):
            due = begin + self._network.seconds(sent)
            if due > loop.time():
                loop.call_at(due, self._pour, body, begin, sent)
                return
            self._transport.write(body[sent : sent + PIECE])
            sent += PIECE
        self._done()

    def _done(self) -> None:
        self._busy = False
        if self._received:
            self._next_request()


def _range(header: str, size: int) -> tuple[int, int]:
    """The first and last byte that a `Range: bytes=a-b` asks for; everything where there is none."""
    first, _, last = header.removeprefix("bytes=").partition("-")
    return int(first or 0), min(int(last or size), size - 1)


def _head(status: int, size: int, *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status} -", "x-amz-request-id: stub", f"Content-Length: {size}", *headers, "", "")
    return "\r\n".join(lines).encode("latin-1")


def _error(status: int, method: str) -> tuple[bytes, bytes]:
    code = {404: "NoSuchKey", 412: "PreconditionFailed"}[status]
    body = f"<Error><Code>{code}</Code></Error>".encode() if method != "HEAD" else b""
    return _head(status, len(body), "Content-Type: application/xml"), body


async def _serve(folder: Path, network: Network) -> None:
    bucket = Bucket(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(bucket, network), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)  # until whoever started this goes away


@contextmanager
def stub_s3(folder: Path, network: Network | None = None) -> Iterator[str]:
    """Serve a folder's files as objects of any bucket; yields the endpoint's URL."""
    network = network or Network()
    options = (str(folder), str(network.first_byte_ms), str(network.megabytes_per_second))
    with Popen([sys.executable, "-m", "bench.stub_s3", *options], stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), Network(float(sys.argv[2]), float(sys.argv[3]))))
