"""A folder in S3's place: the same requests, answered from local files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class FolderS3:
    """Sources by key, and a folder that renditions are written to, replacing what is there."""

    sources: Mapping[str, Path]
    out: Path

    def get_object(self, **request: Any) -> dict[str, Any]:
        """Open a source. Raises `OSError` where it cannot be read."""
        path = self.sources[request["Key"]]
        size = path.stat().st_size
        etag = hashlib.sha256(f"{path}{size}".encode()).hexdigest()[:32]
        return {"Body": path.open("rb"), "ContentLength": size, "ETag": f'"{etag}"'}

    def put_object(self, **request: Any) -> dict[str, Any]:
        """Write a rendition."""
        path = self.out / request["Key"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(request["Body"])
        return {}

    def head_object(self, **request: Any) -> dict[str, Any]:
        """Never asked for: what stands here is replaced without a look."""
        raise NotImplementedError(f"HEAD of {request['Key']} in a folder")
