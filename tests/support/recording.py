"""An S3 client that records its requests, and fails where a test says so."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError


def refusal(code: str, operation: str) -> ClientError:
    """The error that botocore raises for an error code of S3."""
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


@dataclass(slots=True)
class RecordingS3:
    """Forwards requests to a real client. `faults` maps an operation to a function that is called first."""

    client: Any
    faults: dict[str, Callable[[dict[str, Any]], None]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)

    def _forward(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((operation, request["Key"]))
        if operation in self.faults:
            self.faults[operation](request)
        answer: dict[str, Any] = getattr(self.client, operation)(**request)
        return answer

    def get_object(self, **request: Any) -> dict[str, Any]:
        """Record and forward the request."""
        return self._forward("get_object", request)

    def head_object(self, **request: Any) -> dict[str, Any]:
        """Record and forward the request."""
        return self._forward("head_object", request)

    def put_object(self, **request: Any) -> dict[str, Any]:
        """Record and forward the request."""
        return self._forward("put_object", request)

    def delete_object(self, **request: Any) -> dict[str, Any]:
        """Record and forward the request."""
        return self._forward("delete_object", request)
