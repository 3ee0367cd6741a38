"""Renditions in an output bucket follow their sources, and nothing is written to the source bucket."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from resizer.errors import Reason
from resizer.store.provenance import short_hash
from tests.store.reconcile.shop import BUCKET, KEY, SMALL, Shop, outcome_of, outputs, picture

OUTPUT_BUCKET, OTHER_BUCKET = "thumbs", "films"
ELSEWHERE = replace(SMALL, buckets=frozenset({BUCKET}), output_bucket=OUTPUT_BUCKET, output_prefix="")
FOR_SEVERAL = replace(
    ELSEWHERE, buckets=frozenset({BUCKET, OTHER_BUCKET}), key_template="{prefix}{bucket}/{name}-{key}"
)
WRITTEN = [f"{width}-{KEY}" for width in (1, 2, 3)]


@dataclass
class TwoBuckets(Shop):
    """A shop with an output bucket; `requests` are counted for both buckets."""

    def put(self, bucket: str, body: bytes, key: str = KEY) -> dict[str, Any]:
        self.memory.put_object(Bucket=bucket, Key=key, Body=body)
        return self.events[-1]

    @property
    def written(self) -> list[str]:
        """The keys in the output bucket."""
        return self.memory.keys("", OUTPUT_BUCKET)

    @property
    def sources(self) -> list[str]:
        """The keys in the source bucket."""
        return self.memory.keys("", BUCKET)


def test_an_upload_writes_only_to_the_output_bucket() -> None:
    """An upload costs one GET, one PUT per rendition and one HEAD, and leaves the source bucket as it was."""
    shop = TwoBuckets(settings=ELSEWHERE)
    report = shop.handle(shop.upload(picture()))
    assert outcome_of(report) == ("resized", None)
    assert shop.requests == {"get_object": 1, "put_object": 3, "head_object": 1}
    assert (shop.written, shop.sources) == (WRITTEN, [KEY])
    assert shop.s3.calls[-1] == ("head_object", KEY)
    assert [each.plan.key for each in report.renditions] == WRITTEN


def test_overwrites_and_deletions_reach_the_output_bucket() -> None:
    """An overwrite replaces, a deletion deletes, at the same cost as in one bucket; a late event changes nothing."""
    shop = TwoBuckets(settings=ELSEWHERE)
    first = shop.upload(picture("red"))
    shop.handle(first)
    assert outcome_of(shop.handle(shop.upload(picture("blue")))) == ("resized", None)
    assert shop.requests == {"get_object": 1, "put_object": 6, "head_object": 4}
    assert outcome_of(shop.handle(first)) == ("skipped", "superseded")
    assert outcome_of(shop.handle(shop.delete())) == ("removed", None)
    assert shop.requests == {"head_object": 3 + 2, "delete_object": 3}
    assert (shop.written, shop.sources) == ([], [])


def test_a_rejected_overwrite_deletes_there_too() -> None:
    """A rejected overwrite deletes the old renditions in the output bucket."""
    shop = TwoBuckets(settings=ELSEWHERE)
    shop.handle(shop.upload(picture()))
    assert outcome_of(shop.handle(shop.upload(b"no image"))) == ("rejected", "not_an_image")
    assert (shop.written, shop.sources) == ([], [KEY])


def test_a_source_under_an_output_key_is_left_alone() -> None:
    """`3-cat.png` in the source bucket is an ordinary source, and stays when `cat.png` is deleted."""
    shop = TwoBuckets(settings=ELSEWHERE)
    beside = WRITTEN[-1]
    shop.handle(shop.upload(picture("red"), beside))
    shop.handle(shop.upload(picture("blue")))
    shop.handle(shop.delete())
    assert shop.sources == [beside]
    assert shop.written == [f"{width}-{beside}" for width in (1, 2, 3)]


def test_an_event_of_the_output_bucket_makes_no_request() -> None:
    """If the output bucket is connected as well, its events are skipped before any request."""
    shop = TwoBuckets(settings=ELSEWHERE)
    shop.handle(shop.upload(picture()))
    assert outcome_of(shop.handle(shop.put(OUTPUT_BUCKET, picture(), WRITTEN[0]))) == ("skipped", "output_bucket")
    assert shop.requests == {}


def test_two_buckets_can_share_an_output_bucket() -> None:
    """With `{bucket}` in the template each source has its own renditions, and a deletion deletes only those."""
    shop = TwoBuckets(settings=FOR_SEVERAL)
    for bucket in (BUCKET, OTHER_BUCKET):
        assert outcome_of(shop.handle(shop.put(bucket, picture()))) == ("resized", None)
    theirs = [f"{OTHER_BUCKET}/{output}" for output in WRITTEN]
    assert shop.written == theirs + [f"{BUCKET}/{output}" for output in WRITTEN]
    assert outcome_of(shop.handle(shop.delete())) == ("removed", None)
    assert shop.written == theirs


def test_two_functions_with_the_same_output_keys_do_not_overwrite_each_other() -> None:
    """If two functions share output keys, the second source is rejected and deletes nothing."""
    shop = TwoBuckets(settings=ELSEWHERE)
    shop.handle(shop.upload(picture()))
    shop.settings = replace(ELSEWHERE, buckets=frozenset({OTHER_BUCKET}))
    assert outcome_of(shop.handle(shop.put(OTHER_BUCKET, picture("blue")))) == ("rejected", "key_taken")
    shop.memory.delete_object(Bucket=OTHER_BUCKET, Key=KEY)
    assert outcome_of(shop.handle(shop.events[-1])) == ("skipped", "already_done")
    assert shop.written == WRITTEN


def with_earlier_hashes(shop: Shop, bucket: str, **changes: str) -> None:
    """Give the renditions the metadata of earlier versions: a hash of the source's key alone."""
    for key in shop.memory.keys("", bucket):
        version = shop.memory.current(bucket, key)
        if version and "Metadata" in version.headers:
            metadata = {**version.headers["Metadata"], "source-key-hash": short_hash(KEY), **changes}
            shop.memory.put_object(
                Bucket=bucket, Key=key, Body=version.body, **{**version.headers, "Metadata": metadata}
            )


@pytest.mark.parametrize("settings", [SMALL, ELSEWHERE])
def test_renditions_of_earlier_versions_are_recognised(settings: Any) -> None:
    """Renditions with a hash of the key alone are recognised, replaced and deleted, in either bucket."""
    shop = TwoBuckets(settings=settings)
    output_bucket = settings.output_bucket or BUCKET
    event = shop.upload(picture())
    shop.handle(event)
    with_earlier_hashes(shop, output_bucket)
    assert outcome_of(shop.handle(event)) == ("skipped", "already_done")
    with_earlier_hashes(shop, output_bucket, recipe="earlier")
    assert outcome_of(shop.handle(event)) == ("resized", None)
    with_earlier_hashes(shop, output_bucket)
    assert outcome_of(shop.handle(shop.delete())) == ("removed", None)
    assert shop.memory.keys("", output_bucket) == []


def test_an_earlier_hash_of_another_key_is_not_ours() -> None:
    """A rendition that an earlier version made of another source still counts as that source's."""
    shop = Shop()
    shop.handle(shop.upload(picture()))
    for key in outputs():
        version = shop.memory.current(BUCKET, key)
        assert version is not None
        metadata = {**version.headers["Metadata"], "source-key-hash": short_hash("dog.png")}
        shop.memory.put_object(Bucket=BUCKET, Key=key, Body=b"theirs", Metadata=metadata)
    report = shop.handle(shop.upload(picture("blue")))
    assert outcome_of(report) == ("rejected", str(Reason.KEY_TAKEN))
