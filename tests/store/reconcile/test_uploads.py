"""An upload costs the requests that the design names, and renditions that exist already are not written again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resizer.settings.rules import Quality, Rule
from tests.store.reconcile.shop import BUCKET, KEY, SMALL, Shop, ended, outputs, picture


@pytest.mark.parametrize("key", [KEY, "scan.tiff", "cat", "x.jpg"])
def test_an_ordinary_upload_costs_one_get_one_put_a_rendition_and_one_head(key: str) -> None:
    """A new upload makes exactly one GET, three PUTs and one HEAD, whatever it is called."""
    shop = Shop()
    assert ended(shop.handle(shop.upload(picture(), key))) == ("resized", None)
    assert shop.requests == {"get_object": 1, "put_object": 3, "head_object": 1}
    assert shop.s3.calls[0] == ("get_object", key)
    assert shop.s3.calls[-1] == ("head_object", key)


def test_extra_formats_cost_one_put_each() -> None:
    """Two formats at three widths are six PUTs, with still one GET and one HEAD."""
    shop = Shop(settings=replace(SMALL, defaults=Rule.of_widths((3, 2, 1), formats=("source", "webp"))))
    shop.handle(shop.upload(picture()))
    assert shop.requests == {"get_object": 1, "put_object": 6, "head_object": 1}


def test_a_duplicate_ends_as_already_done() -> None:
    """The same event again is skipped as `already_done`, and nothing is written again."""
    shop = Shop()
    event = shop.upload(picture())
    shop.handle(event)
    before = [shop.memory.current(BUCKET, key) for key in outputs()]
    assert ended(shop.handle(event)) == ("skipped", "already_done")
    assert all(shop.memory.current(BUCKET, key) is version for key, version in zip(outputs(), before, strict=True))


def test_the_same_picture_with_another_cache_control_passes_it_on() -> None:
    """An upload that changes nothing but a header reaches the renditions, and its duplicate is `already_done`."""
    shop = Shop()
    shop.handle(shop.upload(picture(), CacheControl="max-age=60"))
    event = shop.upload(picture(), CacheControl="no-store")
    assert ended(shop.handle(event)) == ("resized", None)
    assert [shop.memory.head_object(Bucket=BUCKET, Key=key)["CacheControl"] for key in outputs()] == ["no-store"] * 3
    assert ended(shop.handle(event)) == ("skipped", "already_done")


def test_an_overwrite_costs_a_head_and_a_put_more_for_each_rendition() -> None:
    """Replacing costs each rendition its PUT, HEAD and PUT, beside the GET and the HEAD of the source."""
    shop = Shop()
    shop.handle(shop.upload(picture("red")))
    assert ended(shop.handle(shop.upload(picture("blue")))) == ("resized", None)
    assert shop.requests == {"get_object": 1, "put_object": 6, "head_object": 4}


@pytest.mark.parametrize(("first", "then"), [("PNG", "JPEG"), ("PNG", "WEBP"), ("TIFF", "PNG")])
@pytest.mark.parametrize("key", ["x.jpg", "cat", "scan.tiff"])
def test_another_format_under_the_same_key_replaces_the_first(key: str, first: str, then: str) -> None:
    """The output keys follow from the source's key alone, so an upload in another format leaves nothing stale."""
    shop = Shop()
    shop.handle(shop.upload(picture(format_=first), key))
    assert ended(shop.handle(shop.upload(picture(format_=then), key))) == ("resized", None)
    assert shop.existing == outputs(key)
    types = {shop.memory.head_object(Bucket=BUCKET, Key=output)["ContentType"] for output in outputs(key)}
    assert types == {f"image/{then.lower()}"}


def test_a_changed_setting_replaces_and_an_unchanged_one_skips() -> None:
    """Another quality is another recipe, so a re-run replaces all renditions; other widths are only added."""
    shop = Shop()
    event = shop.upload(picture())
    shop.handle(event)
    shop.settings = replace(SMALL, defaults=Rule.of_widths((3, 2, 1), quality=Quality(jpeg=50)))
    assert ended(shop.handle(event)) == ("resized", None)
    shop.settings = shop.settings.with_widths((4, 3, 2, 1))
    shop.handle(event)
    assert shop.requests["put_object"] == 4
    assert shop.memory.current(BUCKET, f"resized/4-{KEY}") is not None
