"""What cannot be resized leaves no picture of what was there before, at the price of a few looks."""

from __future__ import annotations

import pytest

from tests.store.reconcile.shop import Shop, ended, outputs, picture


def test_a_rejected_overwrite_takes_the_old_picture_away() -> None:
    """Where no image replaces an image, the old one's renditions do not go on showing what is gone."""
    shop = Shop()
    shop.handle(shop.upload(picture()))
    assert ended(shop.handle(shop.upload(b"no image"))) == ("rejected", "not_an_image")
    assert shop.standing == []


@pytest.mark.parametrize(("key", "waits"), [("cat.png", 1), ("scan.tiff", 0), ("IMG_1.heic", 0), ("cat", 0)])
def test_a_rejected_first_upload_costs_a_look_at_one_width(key: str, waits: int) -> None:
    """A GET, and a HEAD for each format; no wait where every writer looks at the source, or the event is older."""
    shop = Shop()
    event = shop.upload(b"no image", key)
    assert ended(shop.handle(event)) == ("rejected", "not_an_image")
    assert shop.requests == {"get_object": 1, "head_object": 5}
    assert len(shop.waited) == waits
    shop.time += 1
    shop.handle(event)
    assert len(shop.waited) == waits


def test_without_a_sequencer_a_rejection_looks_at_every_width() -> None:
    """Where nothing orders the events, a removal may have taken any part of what a quick writer wrote."""
    shop = Shop()
    shop.memory.sequencers = False
    shop.handle(shop.upload(b"no image", "cat.png"))
    assert shop.requests == {"get_object": 1, "head_object": 15}


def test_what_was_never_an_image_costs_one_get() -> None:
    """A rejected document, as its name says, costs no more than the GET, and no wait."""
    shop = Shop()
    assert ended(shop.handle(shop.upload(b"plain text", "report.txt"))) == ("rejected", "not_an_image")
    assert (shop.requests, shop.waited) == ({"get_object": 1}, [])


@pytest.mark.parametrize(("key", "first", "then"), [("cat.png", "PNG", "JPEG"), ("cat", "PNG", "WEBP")])
def test_another_format_under_the_same_name_leaves_nothing_of_the_first(key: str, first: str, then: str) -> None:
    """Where the extension does not tell the format, an overwrite in another format removes the old one's keys."""
    shop = Shop()
    shop.handle(shop.upload(picture(format_=first), key))
    assert ended(shop.handle(shop.upload(picture(format_=then), key))) == ("resized", None)
    extension = {"JPEG": ".jpg", "WEBP": ".webp"}[then]
    assert shop.standing == outputs(key + extension)


def test_a_key_that_tells_no_format_costs_six_heads() -> None:
    """One for each format, to find an earlier upload's renditions, and one of the source, in case a later one came."""
    shop = Shop()
    shop.handle(shop.upload(picture(), "cat"))
    assert shop.requests == {"get_object": 1, "put_object": 3, "head_object": 6}
