"""Ends every request to AWS before its invocation ends.

botocore's time-outs are the same for all requests of a client. These event handlers shorten them for a request that
has less time left, and stop its retries in time. A download also has a limit as a whole: a slow trickle never times
out.
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
CONNECT_SECONDS: Final = 1.1  # the AWS SDKs' default within a region: a lost packet is sent again after 1.0
READ_SECONDS: Final = 5.0  # between two pieces of an answer
# botocore's standard mode (retries/standard.py) waits up to this long before the second attempt, up to twice as long
# before the third, and longer by `ASKED_SECONDS` if S3 asks for it.
BACKOFF_SECONDS: Final = 0.05
THROTTLED_SECONDS: Final = 1.0
ASKED_SECONDS: Final = 5.0

_clock: ContextVar[Clock | None] = ContextVar("clock", default=None)


@dataclass(frozen=True, slots=True)
class InvocationS3:
    """An S3 client for one invocation. Its requests and downloads raise `OutOfTime`."""

    client: S3
    clock: Clock

    def get_object(self, **request: Any) -> dict[str, Any]:
        """Fetch an object; its `Body` returns pieces as they arrive."""
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
    """The body of a download, in pieces as they arrive. Reading raises `OSError` and `OutOfTime`."""

    def __init__(self, body: StreamingBody, response: AWSResponse, clock: Clock) -> None:
        self._body = body
        self._raw = response.raw
        self._clock = clock
        self._timeout = READ_SECONDS

    def read(self, amt: int, /) -> bytes:
        """Wait for the next bytes and return at most `amt` of them; empty at the end."""
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
        """Release the connection; it is reused if the body was read to its end."""
        self._body.close()


def install(client: Any) -> None:
    """Make a botocore client respect the clock of `within`."""
    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(f"before-send.{service}", _limit)
    client.meta.events.register_first(f"needs-retry.{service}", _retry_in_time)
    client.meta.events.register("after-call.s3.GetObject", _read_in_pieces)


@contextmanager
def within(clock: Clock | None) -> Iterator[None]:
    """Make requests in the block raise `OutOfTime` when the clock runs out; None sets no limit."""
    before = _clock.set(clock)
    try:
        yield
    finally:
        _clock.reset(before)


def _limit(request: Any, **_: Any) -> None:
    """Before each attempt: set the read time-out of this request (missing in botocore's type stubs)."""
    if clock := _clock.get():
        request.context["read_timeout"] = clock.within(READ_SECONDS, least=CONNECT_SECONDS)


def _retry_in_time(attempts: int, response: Any, caught_exception: Exception | None, **_: Any) -> None:
    """After each attempt: raise `OutOfTime` if the next one may start too late."""
    clock, answer = _clock.get(), response[0] if response else None
    failed = caught_exception or (answer and (answer.status_code >= 500 or answer.status_code == 429))
    if clock and failed and attempts < ATTEMPTS:
        wait = THROTTLED_SECONDS if answer and answer.status_code in {429, 503} else BACKOFF_SECONDS
        asked = ASKED_SECONDS if answer and "x-amz-retry-after" in answer.headers else 0.0
        clock.within(READ_SECONDS, least=wait * 2 ** (attempts - 1) + asked + CONNECT_SECONDS)


def _read_in_pieces(http_response: AWSResponse, parsed: dict[str, Any], **_: Any) -> None:
    if (clock := _clock.get()) and "Body" in parsed:
        parsed["Body"] = Download(parsed["Body"], http_response, clock)
