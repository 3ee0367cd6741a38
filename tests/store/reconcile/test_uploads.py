"""An upload costs as many requests as the design says, and existing renditions are not written again."""

from dataclasses import replace
from typing import Any

import pytest

from resizer.errors import StorageError
from resizer.settings.rules import Quality, Rule
from tests.store.reconcile.shop import BUCKET, KEY, SMALL, Shop, outcome_of, outputs, picture


@pytest.mark.parametrize("key", [KEY, "scan.tiff", "cat", "x.jpg"])
def test_an_upload_costs_one_get_three_puts_and_one_head(key: str) -> None:
    """A new upload costs exactly one GET, three PUTs and one HEAD, whatever its key."""
    shop = Shop()
    assert outcome_of(shop.handle(shop.upload(picture(), key))) == ("resized", None)
    assert shop.requests == {"get_object": 1, "put_object": 3, "head_object": 1}
    assert shop.s3.calls[0] == ("get_object", key)
    assert shop.s3.calls[-1] == ("head_object", key)


def test_extra_formats_cost_one_put_each() -> None:
    """Two formats in three widths cost six PUTs, and still one GET and one HEAD."""
    shop = Shop(settings=replace(SMALL, defaults=Rule.of_widths((3, 2, 1), formats=("source", "webp"))))
    shop.handle(shop.upload(picture()))
    assert shop.requests == {"get_object": 1, "put_object": 6, "head_object": 1}


def test_a_duplicate_event_is_already_done() -> None:
    """The same event again is skipped as `already_done`, and writes nothing."""
    shop = Shop()
    event = shop.upload(picture())
    shop.handle(event)
    before = [shop.memory.current(BUCKET, key) for key in outputs()]
    assert outcome_of(shop.handle(event)) == ("skipped", "already_done")
    assert all(shop.memory.current(BUCKET, key) is version for key, version in zip(outputs(), before, strict=True))


def test_a_changed_cache_control_reaches_the_renditions() -> None:
    """The same picture with another `Cache-Control` updates the renditions, and its duplicate is `already_done`."""
    shop = Shop()
    shop.handle(shop.upload(picture(), CacheControl="max-age=60"))
    event = shop.upload(picture(), CacheControl="no-store")
    assert outcome_of(shop.handle(event)) == ("resized", None)
    assert [shop.memory.head_object(Bucket=BUCKET, Key=key)["CacheControl"] for key in outputs()] == ["no-store"] * 3
    assert outcome_of(shop.handle(event)) == ("skipped", "already_done")


def test_an_overwrite_costs_one_more_head_and_put_per_rendition() -> None:
    """To replace a rendition costs PUT, HEAD and PUT, besides the GET and the HEAD of the source."""
    shop = Shop()
    shop.handle(shop.upload(picture("red")))
    assert outcome_of(shop.handle(shop.upload(picture("blue")))) == ("resized", None)
    assert shop.requests == {"get_object": 1, "put_object": 6, "head_object": 4}


@pytest.mark.parametrize(("first", "then"), [("PNG", "JPEG"), ("PNG", "WEBP"), ("TIFF", "PNG")])
@pytest.mark.parametrize("key", ["x.jpg", "cat", "scan.tiff"])
def test_another_format_under_the_same_key_leaves_nothing_stale(key: str, first: str, then: str) -> None:
    """Output keys depend only on the source's key, so an upload in another format replaces all renditions."""
    shop = Shop()
    shop.handle(shop.upload(picture(format_=first), key))
    assert outcome_of(shop.handle(shop.upload(picture(format_=then), key))) == ("resized", None)
    assert shop.existing == outputs(key)
    types = {shop.memory.head_object(Bucket=BUCKET, Key=output)["ContentType"] for output in outputs(key)}
    assert types == {f"image/{then.lower()}"}


def test_a_source_that_never_rests_is_retried() -> None:
    """If the source changes before every HEAD, the event fails, and the last upload's own event does the rest."""
    shop = Shop()
    event = shop.upload(picture())

    def overwrite(request: dict[str, Any]) -> None:
        if request["Key"] == KEY:
            shop.upload(picture(f"#{len(shop.s3.calls):06x}"))

    shop.s3.faults["head_object"] = overwrite
    with pytest.raises(StorageError, match=f"s3://{BUCKET}/.* changes faster than it can be resized"):
        shop.handle(event)
    shop.s3.faults.clear()
    assert outcome_of(shop.handle(shop.events[-1])) == ("resized", None)
    etag = shop.memory.head_object(Bucket=BUCKET, Key=KEY)["ETag"].strip('"')
    renditions = [shop.memory.head_object(Bucket=BUCKET, Key=key) for key in outputs()]
    assert [each["Metadata"]["source-etag"] for each in renditions] == [etag] * 3


def test_a_second_attempt_repeats_no_warning() -> None:
    """If the source changes once, the report counts the bytes of both downloads, and has the last one's warnings."""
    shop, sizes = Shop(), list[int]()

    def overwrite(request: dict[str, Any] | None = None) -> None:
        if request is None or (request["Key"] == KEY and len(sizes) == 1):
            body = picture("blue" if sizes else "red", "PNG" if sizes else "TIFF")
            sizes.append(len(body))
            shop.memory.put_object(Bucket=BUCKET, Key=KEY, Body=body, Metadata={"focal-point": "middle"})

    overwrite()
    shop.s3.faults["head_object"] = overwrite
    report = shop.handle(shop.events[0])
    assert outcome_of(report) == ("resized", None)
    assert (len(report.warnings), report.bytes_in) == (1, sum(sizes))


def test_another_quality_replaces_renditions_and_another_width_adds_one() -> None:
    """Another quality is another recipe, so the same event replaces all renditions; a new width is only added."""
    shop = Shop()
    event = shop.upload(picture())
    shop.handle(event)
    shop.settings = replace(SMALL, defaults=Rule.of_widths((3, 2, 1), quality=Quality(jpeg=50)))
    assert outcome_of(shop.handle(event)) == ("resized", None)
    shop.settings = shop.settings.with_widths((4, 3, 2, 1))
    shop.handle(event)
    assert shop.requests["put_object"] == 4
    assert shop.memory.current(BUCKET, f"resized/4-{KEY}") is not None
