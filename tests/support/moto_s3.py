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
    """What `MemoryS3` offers, in new buckets of the embedded S3, one for each that is named."""

    def __init__(
        self,
        client: Any,
        notify: Callable[[dict[str, Any]], None],
        *,
        versioned: bool,
        sequencers: bool,
    ) -> None:
        self.versioned, self._sequencers, self._notify = versioned, sequencers, notify
        self._client, self._number, self._count = client, next(numbers), 0
        self._places: dict[str, str] = {}

    def _place(self, bucket: str) -> str:
        """The bucket that stands for one of this name; made when it is first used."""
        if bucket not in self._places:
            place = self._places[bucket] = f"model-{self._number}-{bucket}"
            self._client.create_bucket(Bucket=place)
            if self.versioned:
                status = {"Status": "Enabled"}
                self._client.put_bucket_versioning(Bucket=place, VersioningConfiguration=status)
        return self._places[bucket]

    def get_object(self, **request: Any) -> Any:
        """Passed on."""
        return self._client.get_object(**{**request, "Bucket": self._place(request["Bucket"])})

    def head_object(self, **request: Any) -> Any:
        """Passed on."""
        return self._client.head_object(**{**request, "Bucket": self._place(request["Bucket"])})

    def put_object(self, **request: Any) -> Any:
        """Passed on, and told."""
        answer = self._client.put_object(**{**request, "Bucket": self._place(request["Bucket"])})
        about = {"eTag": answer["ETag"].strip('"'), "size": len(request["Body"])}
        self._tell(request, "ObjectCreated:Put", about, answer)
        return answer

    def delete_object(self, **request: Any) -> Any:
        """Passed on, and told."""
        answer = self._client.delete_object(**{**request, "Bucket": self._place(request["Bucket"])})
        marker = self.versioned and "VersionId" not in request
        self._tell(request, "ObjectRemoved:DeleteMarkerCreated" if marker else "ObjectRemoved:Delete", {}, answer)
        return answer

    def current(self, bucket: str, key: str) -> Version | None:
        """What stands now."""
        try:
            found = self.get_object(Bucket=bucket, Key=key)
        except ClientError:
            return None
        return Version(found.get("VersionId", "null"), found["Body"].read(), {"Metadata": found["Metadata"]})

    def version_ids(self, bucket: str, key: str) -> list[str]:
        """The ids of all versions and delete markers."""
        listed = self._client.list_object_versions(Bucket=self._place(bucket), Prefix=key)
        both = [*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())]
        return [each["VersionId"] for each in both if each["Key"] == key]

    def keys(self, prefix: str, bucket: str = "photos") -> list[str]:
        """The keys under a prefix of a bucket where something stands."""
        listed = self._client.list_objects_v2(Bucket=self._place(bucket), Prefix=prefix)
        return [entry["Key"] for entry in listed.get("Contents", ())]

    def _tell(self, request: dict[str, Any], name: str, about: dict[str, Any], answer: dict[str, Any]) -> None:
        self._count += 1
        version = {"versionId": answer["VersionId"]} if self.versioned and "VersionId" in answer else {}
        order = {"sequencer": shortened(self._count)} if self._sequencers else {}
        self._notify({"Records": [record(request["Bucket"], request["Key"], name, about | version | order)]})
