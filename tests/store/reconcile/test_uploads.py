"""An upload costs the requests that the design names, and what stands already is not written again."""

from __future__ import annotations

from dataclasses import replace

from resizer.settings.rules import Quality
from tests.store.reconcile.shop import BUCKET, KEY, SMALL, Shop, ended, outputs, picture


def test_an_ordinary_upload_costs_one_get_and_three_puts() -> None:
    """A new upload makes exactly one GET and three PUTs, nothing else."""
    shop = Shop()
    assert ended(shop.handle(shop.upload(picture()))) == ("resized", None)
    assert shop.requests == {"get_object": 1, "put_object": 3}


def test_a_duplicate_ends_as_already_done() -> None:
    """The same event again is skipped as `already_done`, and what stands is not written again."""
    shop = Shop()
    event = shop.upload(picture())
    shop.handle(event)
    before = [shop.memory.current(BUCKET, key) for key in outputs()]
    assert ended(shop.handle(event)) == ("skipped", "already_done")
    assert all(shop.memory.current(BUCKET, key) is version for key, version in zip(outputs(), before, strict=True))


def test_the_same_picture_with_another_cache_control_hands_it_on() -> None:
    """An upload that changes nothing but a header reaches the renditions, and its duplicate is `already_done`."""
    shop = Shop()
    shop.handle(shop.upload(picture(), CacheControl="max-age=60"))
    event = shop.upload(picture(), CacheControl="no-store")
    assert ended(shop.handle(event)) == ("resized", None)
    assert [shop.memory.head_object(Bucket=BUCKET, Key=key)["CacheControl"] for key in outputs()] == ["no-store"] * 3
    assert ended(shop.handle(event)) == ("skipped", "already_done")


def test_an_overwrite_costs_one_look_at_the_source_more() -> None:
    """Replacing costs each rendition its PUT, HEAD and PUT, and one HEAD of the source in the end."""
    shop = Shop()
    shop.handle(shop.upload(picture("red")))
    assert ended(shop.handle(shop.upload(picture("blue")))) == ("resized", None)
    assert shop.requests == {"get_object": 1, "put_object": 6, "head_object": 4}


def test_a_slow_upload_looks_at_its_source_once_more() -> None:
    """A try that took longer than a removal waits makes sure that its source still stands."""
    shop = Shop()
    event = shop.upload(picture())
    shop.s3.faults["put_object"] = lambda _: setattr(shop, "time", shop.time + 0.7)
    shop.handle(event)
    assert shop.requests == {"get_object": 1, "put_object": 3, "head_object": 1}


def test_a_changed_setting_replaces_and_an_unchanged_one_skips() -> None:
    """Another quality is another recipe, so a re-run replaces all renditions; other widths are only added."""
    shop = Shop()
    event = shop.upload(picture())
    shop.handle(event)
    shop.settings = replace(SMALL, quality=Quality(jpeg=50))
    assert ended(shop.handle(event)) == ("resized", None)
    shop.settings = replace(shop.settings, widths=(4, 3, 2, 1))
    shop.handle(event)
    assert shop.requests["put_object"] == 4
    assert shop.memory.current(BUCKET, f"resized/4-{KEY}") is not None
