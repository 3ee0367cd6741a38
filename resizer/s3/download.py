"""The body of an answer, on a connection that is kept when it has been read to its end."""

from __future__ import annotations

from http.client import HTTPException
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.client import HTTPConnection, HTTPResponse

    from resizer.s3.connections import Connections
    from resizer.s3.endpoint import Place


class Download:
    """A `Body`; reading raises `OSError` when the connection breaks, and what `limit` does.

    `limit` is called before each wait, to set the connection's time-out.
    """

    def __init__(
        self,
        response: HTTPResponse,
        connection: HTTPConnection,
        place: Place,
        connections: Connections,
        limit: Callable[[], None],
    ) -> None:
        self._response = response
        self._connection = connection
        self._place = place
        self._connections = connections
        self._limit = limit

    def read(self, amt: int | None = None) -> bytes:
        """What has come of the next `amt` bytes, all that are left for None; empty at the end, also at an early one."""
        if self._response.isclosed():
            return b""
        self._limit()
        try:
            data = self._response.read() if amt is None else self._response.read1(amt)
        except TimeoutError:
            self._limit()  # where the invocation's end was what ended it, that is told
            raise
        except HTTPException as problem:
            raise ConnectionError(f"the answer was cut short: {problem!r}") from problem
        if self._response.length == 0:  # which `read1` alone leaves open
            self._response.close()
        return data

    def short(self, most: int) -> bytes:
        """All of an answer, up to `most` bytes; `ConnectionError` where it ends early."""
        data = b""
        while len(data) < most and (piece := self.read(most - len(data))):
            data += piece
        if self._response.length and len(data) < most:
            raise ConnectionError("the answer ended early")
        return data

    def close(self) -> None:
        """Keep the connection where all of the answer has been read, and end it where not."""
        if self._response.isclosed() and not self._response.length:
            self._connections.give_back(self._place, self._connection)
        else:
            self._response.close()
            self._connection.close()
