"""The only code that talks to S3: one botocore client, and the four requests that this service makes."""

from __future__ import annotations

from typing import Any, Protocol


class Body(Protocol):
    """The body of a download, read forwards."""

    def read(self, amt: int, /) -> bytes:
        """Return at most `amt` bytes; empty only at the end."""
        ...

    def close(self) -> None:
        """Release the connection, even if the body was not read to its end."""
        ...


class S3(Protocol):
    """The requests that this service makes, as botocore's S3 client has them."""

    def get_object(self, **request: Any) -> dict[str, Any]:
        """Fetch an object; the answer's `Body` is a `Body`."""
        ...

    def head_object(self, **request: Any) -> dict[str, Any]:
        """Fetch an object's metadata."""
        ...

    def put_object(self, **request: Any) -> dict[str, Any]:
        """Store an object."""
        ...

    def delete_object(self, **request: Any) -> dict[str, Any]:
        """Delete an object."""
        ...
