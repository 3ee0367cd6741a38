"""A folder instead of S3: the same requests, answered from local files."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError


@dataclass(frozen=True, slots=True)
class FolderS3:
    """Sources by key, and a folder to write renditions to; those of earlier runs are replaced.

    `written` has the metadata of this run's renditions, by bucket and key. Sources exist in every bucket except
    `output_bucket`.
    """

    sources: dict[str, Path]
    out: Path
    output_bucket: str | None = None
    written: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)

    def get_object(self, **request: Any) -> dict[str, Any]:
        """Open a source. Raises `OSError` if it cannot be read."""
        return {**self.head_object(**request), "Body": self.sources[request["Key"]].open("rb")}

    def head_object(self, **request: Any) -> dict[str, Any]:
        """Return metadata of a source or of a rendition of this run. Raises `OSError` if it cannot be read."""
        if (found := self.written.get(_name(request))) is not None:
            return {"ETag": '"written"', "Metadata": found}
        if request["Bucket"] == self.output_bucket or request["Key"] not in self.sources:
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadObject")
        path = self.sources[request["Key"]]
        status = path.stat()
        etag = hashlib.sha256(os.fsencode(path) + f"{status.st_size}{status.st_mtime_ns}".encode()).hexdigest()[:32]
        return {"ContentLength": status.st_size, "ETag": f'"{etag}"'}

    def put_object(self, **request: Any) -> dict[str, Any]:
        """Write a rendition; fails with a 412 error if this run has written it before."""
        if _name(request) in self.written:
            raise ClientError({"Error": {"Code": "PreconditionFailed", "Message": "It exists."}}, "PutObject")
        path = self.out / request["Key"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(request["Body"])
        self.written[_name(request)] = request["Metadata"]
        return {}

    def delete_object(self, **request: Any) -> dict[str, Any]:
        """Delete a rendition of this run, such as part of a set that could not be completed."""
        (self.out / request["Key"]).unlink()
        del self.written[_name(request)]
        return {}


def _name(request: Mapping[str, Any]) -> tuple[str, str]:
    return request["Bucket"], request["Key"]
