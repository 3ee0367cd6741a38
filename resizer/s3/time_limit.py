"""No request to AWS outlasts the invocation that makes it.

botocore's time-outs are the same for all requests of a client. These handlers of its events shorten them for one
request where less is left of the invocation, and end its retries in time. A download has a time limit as a whole, too:
one that trickles never runs into a time-out.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from urllib3.exceptions import HTTPError

from resizer.deadline import TOO_LATE
from resizer.errors import OutOfTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.awsrequest import AWSResponse
    from botocore.response import StreamingBody

    from resizer.deadline import Clock
    from resizer.s3 import S3

ATTEMPTS: Final = 3
CONNECT_SECONDS: Final = 1.1  # the AWS SDKs' own for requests within a region: a lost packet is sent again after 1.0
READ_SECONDS: Final = 5.0  # between two pieces of an answer
# botocore's standard mode (retries/standard.py) waits for a random part of these seconds before the second attempt, of
# twice as many before the third, and for these more where S3 asks for it.
BACKOFF_SECONDS: Final = 0.05
THROTTLED_SECONDS: Final = 1.0
ASKED_SECONDS: Final = 5.0

_clock: ContextVar[Clock | None] = ContextVar("clock", default=None)


@dataclass(frozen=True, slots=True)
class InvocationS3:
    """An S3 client for one invocation. Its requests, and reading what they download, raise `OutOfTime`."""

    client: S3
    clock: Clock

    def get_object(self, **request: Any) -> dict[str, Any]:
        """Fetch an object, whose `Body` is read in pieces as they come."""
        return self._ask(self.client.get_object, request)

    def head_object(self, **request: Any) -> dict[str, Any]:
        """Fetch an object's metadata."""
        return self._ask(self.client.head_object, request)

    def put_object(self, **request: Any) -> dict[str, Any]:
        """Store an object."""
        return self._ask(self.client.put_object, request)

    def delete_object(self, **request: Any) -> dict[str, Any]:
        """Delete an object."""
        return self._ask(self.client.delete_object, request)

    def _ask(self, operation: Callable[..., dict[str, Any]], request: dict[str, Any]) -> dict[str, Any]:
        with within(self.clock):
            return operation(**request)


class Download:
    """The body of a download, in pieces as they come. Reading raises `OSError` and `OutOfTime`."""

    def __init__(self, body: StreamingBody, response: AWSResponse, clock: Clock) -> None:
        self._body = body
        self._raw = response.raw
        self._clock = clock
        self._timeout = READ_SECONDS

    def read(self, amt: int, /) -> bytes:
        """Wait for the first of the next `amt` bytes and return what has come by then; none at the end."""
        if self._raw.closed:
            return b""
        timeout = self._clock.within(READ_SECONDS)
        if timeout != self._timeout:  # setting it is a system call
            self._body.set_socket_timeout(timeout)
            self._timeout = timeout
        try:
            piece: bytes | None = self._raw.read1(amt)
        except HTTPError as problem:
            if self._clock.is_over:
                raise OutOfTime(TOO_LATE) from problem
            raise ConnectionError(str(problem)) from problem
        return piece or b""

    def close(self) -> None:
        """Release the connection: it is used again where the body was read to its end."""
        self._body.close()


def install(client: Any) -> None:
    """Make a client of botocore's heed the clock that its requests are made `within`."""
    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(f"before-send.{service}", _limit)
    client.meta.events.register_first(f"needs-retry.{service}", _retry_in_time)
    client.meta.events.register("after-call.s3.GetObject", _read_in_pieces)


@contextmanager
def within(clock: Clock | None) -> Iterator[None]:
    """Requests of the block raise `OutOfTime` where they would outlast an invocation; with None there is no limit."""
    before = _clock.set(clock)
    try:
        yield
    finally:
        _clock.reset(before)


def _limit(request: Any, **_: Any) -> None:
    """Before each attempt: set botocore's own time-out for one request, which its type stubs do not know yet."""
    if clock := _clock.get():
        request.context["read_timeout"] = clock.within(READ_SECONDS, least=CONNECT_SECONDS)


def _retry_in_time(attempts: int, response: Any, caught_exception: Exception | None, **_: Any) -> None:
    """After each attempt: raise `OutOfTime` where waiting for the next one may take longer than is left."""
    clock, answer = _clock.get(), response[0] if response else None
    failed = caught_exception or (answer and (answer.status_code >= 500 or answer.status_code == 429))
    if clock and failed and attempts < ATTEMPTS:
        wait = THROTTLED_SECONDS if answer and answer.status_code in {429, 503} else BACKOFF_SECONDS
        asked = ASKED_SECONDS if answer and "x-amz-retry-after" in answer.headers else 0.0
        clock.within(READ_SECONDS, least=wait * 2 ** (attempts - 1) + asked + CONNECT_SECONDS)


def _read_in_pieces(http_response: AWSResponse, parsed: dict[str, Any], **_: Any) -> None:
    if (clock := _clock.get()) and "Body" in parsed:
        parsed["Body"] = Download(parsed["Body"], http_response, clock)
