"""S3 in memory, as AWS describes it: strongly consistent, conditions checked atomically, versions, notifications."""

import hashlib
import io
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from botocore.exceptions import ClientError

STORED_HEADERS = (
    "Metadata", "ContentType", "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "Expires",
)  # fmt: skip
STATUS = {"NoSuchKey": 404, "404": 404, "PreconditionFailed": 412}


@dataclass(frozen=True)
class Version:
    """One version of an object; a delete marker has no body."""

    id: str
    body: bytes | None
    headers: dict[str, Any]

    @property
    def etag(self) -> str:
        """As S3 quotes it."""
        return f'"{hashlib.md5(self.body or b"", usedforsecurity=False).hexdigest()}"'


@dataclass
class MemoryS3:
    """The requests that the service and its users make. `notify` gets an event for each change."""

    notify: Callable[[dict[str, Any]], None] = lambda event: None
    versioned: bool = False
    sequencers: bool = True
    requests: list[tuple[str, str]] = field(default_factory=list)
    _versions: dict[tuple[str, str], list[Version]] = field(default_factory=lambda: defaultdict(list))
    _count: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def get_object(self, **request: Any) -> dict[str, Any]:
        """GetObject of the current version."""
        with self._lock:
            found = self._meeting_conditions("GetObject", request)
            if found is None:
                raise _error("NoSuchKey", "GetObject")
            return {**self._described(found), "Body": io.BytesIO(found.body or b"")}

    def head_object(self, **request: Any) -> dict[str, Any]:
        """HeadObject of the current version. A missing object has its status as error code, as in S3."""
        with self._lock:
            found = self._meeting_conditions("HeadObject", request)
            if found is None:
                raise _error("404", "HeadObject")
            return self._described(found)

    def put_object(self, **request: Any) -> dict[str, Any]:
        """PutObject, with both conditions."""
        with self._lock:
            current = self._meeting_conditions("PutObject", request)
            if "IfMatch" in request and current is None:
                raise _error("NoSuchKey", "PutObject")
            headers: dict[str, Any] = {name: request[name] for name in STORED_HEADERS if name in request}
            version = self._add(request, Version(self._next_id(), request["Body"], headers))
            self._send_event(request, "ObjectCreated:Put", version)
            return {"ETag": version.etag, "VersionId": version.id}

    def delete_object(self, **request: Any) -> dict[str, Any]:
        """DeleteObject of the current version, or of one version by its id."""
        with self._lock:
            self._meeting_conditions("DeleteObject", request)
            name = request["Bucket"], request["Key"]
            if "VersionId" in request:
                gone = next(each for each in self._versions[name] if each.id == request["VersionId"])
                self._versions[name].remove(gone)
                self._send_event(request, "ObjectRemoved:Delete", gone)
            elif self.versioned:
                marker = self._add(request, Version(self._next_id(), None, {}))
                self._send_event(request, "ObjectRemoved:DeleteMarkerCreated", marker)
            else:
                gone = self.current(*name) or Version("null", b"", {})
                self._versions.pop(name, None)
                self._send_event(request, "ObjectRemoved:Delete", gone)
            return {}

    def current(self, bucket: str, key: str) -> Version | None:
        """The current version; None if there is none, or a delete marker."""
        versions = self._versions.get((bucket, key))
        return versions[-1] if versions and versions[-1].body is not None else None

    def version_ids(self, bucket: str, key: str) -> list[str]:
        """The ids of all versions and delete markers, oldest first."""
        return [version.id for version in self._versions.get((bucket, key), ())]

    def keys(self, prefix: str, bucket: str = "photos") -> list[str]:
        """The keys of the objects under a prefix."""
        names = sorted(key for place, key in self._versions if place == bucket and key.startswith(prefix))
        return [key for key in names if self.current(bucket, key)]

    def _meeting_conditions(self, operation: str, request: dict[str, Any]) -> Version | None:
        self.requests.append((operation, request["Key"]))
        current = self.current(request["Bucket"], request["Key"])
        if request.get("IfNoneMatch") == "*" and current is not None:
            raise _error("PreconditionFailed", operation)
        if current is not None and request.get("IfMatch", current.etag) != current.etag:
            raise _error("PreconditionFailed", operation)
        if current is None and "IfMatch" in request and operation == "DeleteObject":
            raise _error("PreconditionFailed", operation)
        return current

    def _described(self, version: Version) -> dict[str, Any]:
        size = len(version.body or b"")
        described = {"ETag": version.etag, "ContentLength": size, "Metadata": {}, **version.headers}
        return {**described, "VersionId": version.id} if self.versioned else described

    def _add(self, request: dict[str, Any], version: Version) -> Version:
        versions = self._versions[request["Bucket"], request["Key"]]
        if not self.versioned:
            versions.clear()
        versions.append(version)
        return version

    def _next_id(self) -> str:
        self._count += 1
        return f"v{self._count:06}" if self.versioned else "null"

    def _send_event(self, request: dict[str, Any], name: str, version: Version) -> None:
        self._count += 1
        stored: dict[str, Any] = {}
        if name.startswith("ObjectCreated"):
            stored |= {"size": len(version.body or b""), "eTag": version.etag.strip('"')}
        if self.versioned:
            stored["versionId"] = version.id
        if self.sequencers:
            stored["sequencer"] = sequencer(self._count)
        self.notify({"Records": [record(request["Bucket"], request["Key"], name, stored)]})


def sequencer(count: int) -> str:
    """A sequencer of varying length, like S3's."""
    return f"0062E99A88DC{count:06X}".rstrip("0")


def record(bucket: str, key: str, name: str, stored: dict[str, Any]) -> dict[str, Any]:
    """One record of a notification, as AWS sends it."""
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "eu-central-1",
        "eventTime": "2026-03-01T10:00:00.000Z",
        "eventName": name,
        "userIdentity": {"principalId": "AWS:AIDAEXAMPLE"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": "EXAMPLE", "x-amz-id-2": "EXAMPLE"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "resize",
            "bucket": {"name": bucket, "ownerIdentity": {"principalId": "EXAMPLE"}, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {"key": quote_plus(key, safe="/"), **stored},
        },
    }


def _error(code: str, operation: str) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": STATUS[code]}}
    return ClientError(answer, operation)
