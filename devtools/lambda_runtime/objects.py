"""Finds the S3 objects in an event of any sender."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote_plus


class NamedObject(NamedTuple):
    """An object's bucket and key, and whether the event says that it was deleted."""

    bucket: str
    key: str
    deleted: bool = False


def named_objects(node: object, *, encoded: bool = False, deleted: bool = False) -> Iterator[NamedObject]:
    """Find every object in an event; keys in S3 notifications are URL-encoded, keys in EventBridge events are not."""
    match node:
        case {"bucket": {"name": str(bucket)}, "object": {"key": str(key)}}:
            yield NamedObject(bucket, unquote_plus(key) if encoded else key, deleted)
        case {"bucket": str(bucket), "key": str(key)}:
            yield NamedObject(bucket, key)
        case {"s3BucketArn": str(arn), "s3Key": str(key)}:
            yield NamedObject(arn.rpartition(":")[2], unquote_plus(key))
        case {"s3Bucket": str(bucket), "s3Key": str(key)}:
            yield NamedObject(bucket, unquote_plus(key))
        case dict():
            deleted = deleted or _is_deletion(node)
            for name, part in node.items():
                yield from named_objects(part, encoded=encoded or name == "s3", deleted=deleted)
        case list():
            for part in node:
                yield from named_objects(part, encoded=encoded, deleted=deleted)
        case str() if node.lstrip().startswith("{"):  # SQS and SNS carry events as text
            yield from named_objects(_parsed(node), encoded=encoded)


def _is_deletion(node: dict[Any, Any]) -> bool:
    """Whether a record of S3 or an event of EventBridge reports a deletion."""
    name = str(node.get("eventName", "")).removeprefix("s3:")
    return name.startswith(("ObjectRemoved:", "LifecycleExpiration:")) or node.get("detail-type") == "Object Deleted"


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
