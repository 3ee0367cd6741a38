"""A small S3 in a process of its own: GET, HEAD and PUT over HTTP/1.1, with a latency and a bandwidth of your choice.

The files of a folder are the objects. A GET of `bucket/any/prefix/NAME` serves the file `NAME`, so every round of a
benchmark can use a new key, and its PUTs create new objects. The last `MAX_STORED_OBJECTS` uploads can be read again.
"""

import asyncio
import sys
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Final, cast
from urllib.parse import unquote

from bench.s3_event import etag_of

# An assumption: more than loopback, less than the 100 to 200 ms for small objects of the S3 user guide ("Performance
# guidelines"). Set your own, or measure on AWS with LIVE=.
FIRST_BYTE_MS: Final = 15.0
# 600 Mbit/s: published measurements of downloads in Lambda found 400 to 700, almost independent of the memory size.
MEGABYTES_PER_SECOND: Final = 75.0
CHUNK_BYTES: Final = 65_536
MAX_STORED_OBJECTS: Final = 256


@dataclass(frozen=True, slots=True)
class Network:
    """Milliseconds until the first byte of each answer, and megabytes per second of each connection (0: no limit)."""

    first_byte_ms: float = FIRST_BYTE_MS
    megabytes_per_second: float = MEGABYTES_PER_SECOND

    def seconds(self, size: int) -> float:
        """The seconds that `size` bytes take."""
        return size / (self.megabytes_per_second * 1e6) if self.megabytes_per_second else 0.0


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object: its body, its ETag with quotes, and the headers that a GET returns."""

    body: bytes
    etag: str
    headers: tuple[str, ...] = ()


@dataclass(slots=True)
class Bucket:
    """All objects: the files of a folder, and the last uploads."""

    folder: Path
    written: OrderedDict[str, StoredObject] = field(default_factory=OrderedDict)
    files: dict[str, StoredObject] = field(default_factory=dict)

    def get(self, key: str) -> StoredObject | None:
        """The object with this key, or the file with its name."""
        name = key.rpartition("/")[2]
        if key in self.written or "/resized/" in key:
            return self.written.get(key)
        if name not in self.files and (self.folder / name).is_file():
            body = (self.folder / name).read_bytes()
            self.files[name] = StoredObject(body, f'"{etag_of(body)}"')
        return self.files.get(name)

    def put(self, key: str, body: bytes, headers: dict[str, str]) -> StoredObject:
        """Store an object; deletes the oldest one if there are too many."""
        kept = tuple(
            f"{name}: {value}"
            for name, value in headers.items()
            if name in {"content-type", "cache-control"} or name.startswith("x-amz-meta-")
        )
        self.written[key] = StoredObject(body, f'"{etag_of(body)}"', kept)
        if len(self.written) > MAX_STORED_OBJECTS:
            self.written.popitem(last=False)
        return self.written[key]


class Connection(asyncio.Protocol):
    """One keep-alive connection; it answers one request at a time."""

    def __init__(self, bucket: Bucket, network: Network) -> None:
        self._bucket = bucket
        self._network = network
        self._received = bytearray()
        self._continued = False
        self._busy = False
        self._closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the answers."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, problem: Exception | None) -> None:
        """The client has disconnected: send nothing more."""
        del problem
        self._closed = True

    def data_received(self, data: bytes) -> None:
        """Answer as soon as the whole request has arrived."""
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
        """The headers and the body of the answer."""
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
        if self._closed:
            return
        if not self._network.megabytes_per_second:
            self._transport.write(head + body if len(body) <= CHUNK_BYTES else head)
            if len(body) > CHUNK_BYTES:
                self._transport.write(body)
            self._done()
            return
        self._transport.write(head)
        self._send_body(memoryview(body), asyncio.get_running_loop().time(), 0)

    def _send_body(self, body: memoryview, begin: float, sent: int) -> None:
        """Send as much as the bandwidth allows by now, and schedule the rest."""
        loop = asyncio.get_running_loop()
        while sent < len(body) and not (self._closed or self._transport.is_closing()):
            due = begin + self._network.seconds(sent)
            if due > loop.time():
                loop.call_at(due, self._send_body, body, begin, sent)
                return
            self._transport.write(body[sent : sent + CHUNK_BYTES])
            sent += CHUNK_BYTES
        self._done()

    def _done(self) -> None:
        self._busy = False
        if self._received:
            self._next_request()


def _range(header: str, size: int) -> tuple[int, int]:
    """The first and last byte of `Range: bytes=a-b`; the whole object without one."""
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
    await loop.run_in_executor(None, sys.stdin.read)  # until the parent closes stdin


@contextmanager
def stub_s3(folder: Path, network: Network | None = None) -> Iterator[str]:
    """Serve the files of a folder as objects of any bucket; yields the endpoint's URL."""
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
