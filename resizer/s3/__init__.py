"""The edge to S3: the four requests that this service makes, and nothing else of a client."""

from __future__ import annotations

from typing import Any, Protocol


class Body(Protocol):
    """The body of a download, read forwards."""

    def read(self, amt: int | None = None) -> bytes:
        """Some of the next `amt` bytes, all that is left for None; empty at the end only."""
        ...

    def close(self) -> None:
        """Let go of the connection, read to its end or not."""
        ...


class S3(Protocol):
    """The requests, with botocore's own names and arguments; botocore's S3 client is one of these."""

    def get_object(self, **request: Any) -> dict[str, Any]:
        """Fetch an object; the answer's `Body` is a `Body`."""
        ...

    def head_object(self, **request: Any) -> dict[str, Any]:
        """Look at an object's metadata."""
        ...

    def put_object(self, **request: Any) -> dict[str, Any]:
        """Store an object whole."""
        ...

    def delete_object(self, **request: Any) -> dict[str, Any]:
        """Delete an object."""
        ...
