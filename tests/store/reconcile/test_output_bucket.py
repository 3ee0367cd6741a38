"""Renditions in a bucket of their own follow their sources as they do beside them, and nothing else is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from resizer.errors import Reason
from resizer.store.provenance import short_hash
from tests.store.reconcile.shop import BUCKET, KEY, SMALL, Shop, ended, outputs, picture

OUTPUT_BUCKET, OTHER_BUCKET = "thumbs", "films"
ELSEWHERE = replace(SMALL, buckets=frozenset({BUCKET}), output_bucket=OUTPUT_BUCKET, output_prefix="")
FOR_SEVERAL = replace(
    ELSEWHERE, buckets=frozenset({BUCKET, OTHER_BUCKET}), key_template="{prefix}{bucket}/{name}-{key}"
)
WRITTEN = [f"{width}-{KEY}" for width in (1, 2, 3)]


@dataclass
class TwoBuckets(Shop):
    """A shop whose renditions are in another bucket; `requests` are counted for both."""

    def put(self, bucket: str, body: bytes, key: str = KEY) -> dict[str, Any]:
        self.memory.put_object(Bucket=bucket, Key=key, Body=body)
        return self.told[-1]

    @property
    def written(self) -> list[str]:
        """The keys in the output bucket."""
        return self.memory.keys("", OUTPUT_BUCKET)

    @property
    def sources(self) -> list[str]:
        """The keys in the source bucket."""
        return self.memory.keys("", BUCKET)


def test_an_upload_writes_to_the_other_bucket_alone_at_the_same_cost() -> None:
    """One GET, a PUT for each rendition and one HEAD of the source; the source bucket holds the source alone."""
    shop = TwoBuckets(settings=ELSEWHERE)
    report = shop.handle(shop.upload(picture()))
    assert ended(report) == ("resized", None)
    assert shop.requests == {"get_object": 1, "put_object": 3, "head_object": 1}
    assert (shop.written, shop.sources) == (WRITTEN, [KEY])
    assert shop.s3.calls[-1] == ("head_object", KEY)
    assert [each.plan.key for each in report.renditions] == WRITTEN


def test_an_overwrite_replaces_and_a_removal_deletes_there() -> None:
    """Both cost what they cost in one bucket, and a late event of the first upload changes nothing."""
    shop = TwoBuckets(settings=ELSEWHERE)
    first = shop.upload(picture("red"))
    shop.handle(first)
    assert ended(shop.handle(shop.upload(picture("blue")))) == ("resized", None)
    assert shop.requests == {"get_object": 1, "put_object": 6, "head_object": 4}
    assert ended(shop.handle(first)) == ("skipped", "superseded")
    assert ended(shop.handle(shop.delete())) == ("removed", None)
    assert shop.requests == {"head_object": 3 + 2, "delete_object": 3}
    assert (shop.written, shop.sources) == ([], [])


def test_what_is_no_image_takes_the_renditions_away_there() -> None:
    """A rejected upload deletes the renditions of the picture that it replaced."""
    shop = TwoBuckets(settings=ELSEWHERE)
    shop.handle(shop.upload(picture()))
    assert ended(shop.handle(shop.upload(b"no image"))) == ("rejected", "not_an_image")
    assert (shop.written, shop.sources) == ([], [KEY])


def test_an_object_of_the_source_bucket_under_an_output_key_is_left_alone() -> None:
    """`3-cat.png` beside the source is a picture like any other, and stays when the source goes."""
    shop = TwoBuckets(settings=ELSEWHERE)
    beside = WRITTEN[-1]
    shop.handle(shop.upload(picture("red"), beside))
    shop.handle(shop.upload(picture("blue")))
    shop.handle(shop.delete())
    assert shop.sources == [beside]
    assert shop.written == [f"{width}-{beside}" for width in (1, 2, 3)]


def test_an_event_of_the_output_bucket_asks_nothing_of_s3() -> None:
    """Where somebody connects the output bucket, too, its events are skipped before any request."""
    shop = TwoBuckets(settings=ELSEWHERE)
    shop.handle(shop.upload(picture()))
    assert ended(shop.handle(shop.put(OUTPUT_BUCKET, picture(), WRITTEN[0]))) == ("skipped", "output_bucket")
    assert shop.requests == {}


def test_two_buckets_with_the_same_key_keep_apart() -> None:
    """With `{bucket}` in the template each has its own renditions, and a removal takes its own alone."""
    shop = TwoBuckets(settings=FOR_SEVERAL)
    for bucket in (BUCKET, OTHER_BUCKET):
        assert ended(shop.handle(shop.put(bucket, picture()))) == ("resized", None)
    theirs = [f"{OTHER_BUCKET}/{output}" for output in WRITTEN]
    assert shop.written == theirs + [f"{BUCKET}/{output}" for output in WRITTEN]
    assert ended(shop.handle(shop.delete())) == ("removed", None)
    assert shop.written == theirs


def test_two_functions_that_share_output_keys_are_told() -> None:
    """Without `{bucket}` two functions may write the same keys: the second source is rejected, and deletes nothing."""
    shop = TwoBuckets(settings=ELSEWHERE)
    shop.handle(shop.upload(picture()))
    shop.settings = replace(ELSEWHERE, buckets=frozenset({OTHER_BUCKET}))
    assert ended(shop.handle(shop.put(OTHER_BUCKET, picture("blue")))) == ("rejected", "key_taken")
    shop.memory.delete_object(Bucket=OTHER_BUCKET, Key=KEY)
    assert ended(shop.handle(shop.told[-1])) == ("skipped", "already_done")
    assert shop.written == WRITTEN


def with_earlier_hashes(shop: Shop, bucket: str, **changes: str) -> None:
    """Make the renditions as earlier versions left them: with a hash of the source's key alone."""
    for key in shop.memory.keys("", bucket):
        version = shop.memory.current(bucket, key)
        if version and "Metadata" in version.headers:
            metadata = {**version.headers["Metadata"], "source-key-hash": short_hash(KEY), **changes}
            shop.memory.put_object(
                Bucket=bucket, Key=key, Body=version.body, **{**version.headers, "Metadata": metadata}
            )


@pytest.mark.parametrize("settings", [SMALL, ELSEWHERE])
def test_renditions_of_earlier_versions_are_still_ours(settings: Any) -> None:
    """A hash of the key alone, also where it was copied to the output bucket, is done, replaced and deleted as ours."""
    shop = TwoBuckets(settings=settings)
    there = settings.output_bucket or BUCKET
    event = shop.upload(picture())
    shop.handle(event)
    with_earlier_hashes(shop, there)
    assert ended(shop.handle(event)) == ("skipped", "already_done")
    with_earlier_hashes(shop, there, recipe="earlier")
    assert ended(shop.handle(event)) == ("resized", None)
    with_earlier_hashes(shop, there)
    assert ended(shop.handle(shop.delete())) == ("removed", None)
    assert shop.memory.keys("", there) == []


def test_an_earlier_hash_of_another_key_is_not_ours() -> None:
    """What earlier versions made of another source still takes the key."""
    shop = Shop()
    shop.handle(shop.upload(picture()))
    for key in outputs():
        version = shop.memory.current(BUCKET, key)
        assert version is not None
        metadata = {**version.headers["Metadata"], "source-key-hash": short_hash("dog.png")}
        shop.memory.put_object(Bucket=BUCKET, Key=key, Body=b"theirs", Metadata=metadata)
    report = shop.handle(shop.upload(picture("blue")))
    assert ended(report) == ("rejected", str(Reason.KEY_TAKEN))
