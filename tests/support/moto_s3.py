"""The embedded S3 over HTTP, with the notifications of AWS instead of its own, which lack sequencers and versions."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tests.support.memory_s3 import Version, record, shortened

if TYPE_CHECKING:
    from collections.abc import Callable

numbers = itertools.count(1)


class MotoS3:
    """What `MemoryS3` offers, in a new bucket of the embedded S3 that stands for every bucket that is named."""

    def __init__(
        self,
        client: Any,
        notify: Callable[[dict[str, Any]], None],
        *,
        versioned: bool,
        sequencers: bool,
    ) -> None:
        self.versioned, self._sequencers, self._notify = versioned, sequencers, notify
        self._client, self._bucket, self._count = client, f"model-{next(numbers)}", 0
        client.create_bucket(Bucket=self._bucket)
        if versioned:
            status = {"Status": "Enabled"}
            client.put_bucket_versioning(Bucket=self._bucket, VersioningConfiguration=status)

    def get_object(self, **request: Any) -> Any:
        """Passed on."""
        return self._client.get_object(**{**request, "Bucket": self._bucket})

    def head_object(self, **request: Any) -> Any:
        """Passed on."""
        return self._client.head_object(**{**request, "Bucket": self._bucket})

    def put_object(self, **request: Any) -> Any:
        """Passed on, and told."""
        answer = self._client.put_object(**{**request, "Bucket": self._bucket})
        about = {"eTag": answer["ETag"].strip('"'), "size": len(request["Body"])}
        self._tell(request, "ObjectCreated:Put", about, answer)
        return answer

    def delete_object(self, **request: Any) -> Any:
        """Passed on, and told."""
        answer = self._client.delete_object(**{**request, "Bucket": self._bucket})
        marker = self.versioned and "VersionId" not in request
        self._tell(request, "ObjectRemoved:DeleteMarkerCreated" if marker else "ObjectRemoved:Delete", {}, answer)
        return answer

    def current(self, bucket: str, key: str) -> Version | None:
        """What stands now."""
        try:
            found = self.get_object(Key=key)
        except ClientError:
            return None
        return Version(found.get("VersionId", "null"), found["Body"].read(), {"Metadata": found["Metadata"]})

    def version_ids(self, bucket: str, key: str) -> list[str]:
        """The ids of all versions and delete markers."""
        listed = self._client.list_object_versions(Bucket=self._bucket, Prefix=key)
        both = [*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())]
        return [each["VersionId"] for each in both if each["Key"] == key]

    def keys(self, prefix: str) -> list[str]:
        """The keys under a prefix where something stands."""
        listed = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix)
        return [entry["Key"] for entry in listed.get("Contents", ())]

    def _tell(self, request: dict[str, Any], name: str, about: dict[str, Any], answer: dict[str, Any]) -> None:
        self._count += 1
        version = {"versionId": answer["VersionId"]} if self.versioned and "VersionId" in answer else {}
        order = {"sequencer": shortened(self._count)} if self._sequencers else {}
        self._notify({"Records": [record(request["Bucket"], request["Key"], name, about | version | order)]})
