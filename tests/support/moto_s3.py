"""The embedded S3 over HTTP, with AWS's notifications instead of moto's, which lack sequencers and versions."""

import itertools
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from tests.support.memory_s3 import Version, record, sequencer

numbers = itertools.count(1)


class MotoS3:
    """The methods of `MemoryS3`, on new buckets of the embedded S3, one for each bucket name."""

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
        self._real_buckets: dict[str, str] = {}

    def _real_bucket(self, bucket: str) -> str:
        """The embedded S3's bucket for this name, created when it is first used."""
        if bucket not in self._real_buckets:
            name = self._real_buckets[bucket] = f"model-{self._number}-{bucket}"
            self._client.create_bucket(Bucket=name)
            if self.versioned:
                status = {"Status": "Enabled"}
                self._client.put_bucket_versioning(Bucket=name, VersioningConfiguration=status)
        return self._real_buckets[bucket]

    def get_object(self, **request: Any) -> Any:
        """Forward the request."""
        return self._client.get_object(**{**request, "Bucket": self._real_bucket(request["Bucket"])})

    def head_object(self, **request: Any) -> Any:
        """Forward the request."""
        return self._client.head_object(**{**request, "Bucket": self._real_bucket(request["Bucket"])})

    def put_object(self, **request: Any) -> Any:
        """Forward the request, and send an event."""
        answer = self._client.put_object(**{**request, "Bucket": self._real_bucket(request["Bucket"])})
        stored = {"eTag": answer["ETag"].strip('"'), "size": len(request["Body"])}
        self._send_event(request, "ObjectCreated:Put", stored, answer)
        return answer

    def delete_object(self, **request: Any) -> Any:
        """Forward the request, and send an event."""
        answer = self._client.delete_object(**{**request, "Bucket": self._real_bucket(request["Bucket"])})
        marker = self.versioned and "VersionId" not in request
        self._send_event(request, "ObjectRemoved:DeleteMarkerCreated" if marker else "ObjectRemoved:Delete", {}, answer)
        return answer

    def current(self, bucket: str, key: str) -> Version | None:
        """The current version, or None."""
        try:
            found = self.get_object(Bucket=bucket, Key=key)
        except ClientError:
            return None
        return Version(found.get("VersionId", "null"), found["Body"].read(), {"Metadata": found["Metadata"]})

    def version_ids(self, bucket: str, key: str) -> list[str]:
        """The ids of all versions and delete markers."""
        listed = self._client.list_object_versions(Bucket=self._real_bucket(bucket), Prefix=key)
        both = [*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())]
        return [each["VersionId"] for each in both if each["Key"] == key]

    def keys(self, prefix: str, bucket: str = "photos") -> list[str]:
        """The keys of the objects under a prefix."""
        listed = self._client.list_objects_v2(Bucket=self._real_bucket(bucket), Prefix=prefix)
        return [entry["Key"] for entry in listed.get("Contents", ())]

    def _send_event(self, request: dict[str, Any], name: str, stored: dict[str, Any], answer: dict[str, Any]) -> None:
        self._count += 1
        version = {"versionId": answer["VersionId"]} if self.versioned and "VersionId" in answer else {}
        order = {"sequencer": sequencer(self._count)} if self._sequencers else {}
        self._notify({"Records": [record(request["Bucket"], request["Key"], name, stored | version | order)]})
