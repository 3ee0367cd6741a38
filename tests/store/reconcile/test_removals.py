"""Renditions go with their source, once, and never with somebody else's or a later one."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from resizer.errors import StorageError
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.settings.rules import Rule
from tests.store.reconcile.shop import BUCKET, KEY, SMALL, Shop, ended, outputs, picture, refuse
from tests.support.recording import refusal


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "GIF", "TIFF"])
@pytest.mark.parametrize("key", ["cat.png", "cat", "cat.tiff"])
def test_a_removal_deletes_all_widths_and_formats(key: str, format_: str) -> None:
    """Whatever format the source had, under whatever name, none of its renditions is left."""
    shop = Shop(settings=replace(SMALL, defaults=Rule.of_widths((3, 2, 1), formats=("source", "webp", "avif"))))
    shop.handle(shop.upload(picture(format_=format_), key))
    assert len(shop.existing) == 9
    assert ended(shop.handle(shop.delete(key))) == ("removed", None)
    assert shop.existing == []


def test_a_removal_is_done_once() -> None:
    """A removal that comes again finds nothing, and says so."""
    shop = Shop()
    shop.handle(shop.upload(picture()))
    event = shop.delete()
    shop.handle(event)
    assert ended(shop.handle(event)) == ("skipped", "already_done")


@pytest.mark.parametrize("code", ["NoSuchKey", "PreconditionFailed"])
def test_a_removal_whose_answers_were_lost_has_removed(code: str) -> None:
    """Where botocore sends a DELETE again, the second finds nothing because the first one worked."""
    shop = Shop(settings=replace(SMALL, defaults=Rule.of_widths((6, 5, 4, 3, 2, 1))))
    shop.handle(shop.upload(picture()))

    def lose_the_answer(request: dict[str, Any]) -> None:
        shop.memory.delete_object(**request)
        problem = refusal(code, "DeleteObject")
        problem.response["ResponseMetadata"] = {"RetryAttempts": 1}  # type: ignore[typeddict-item] # the rest is left out
        raise problem

    event = shop.delete()
    shop.s3.faults["delete_object"] = lose_the_answer
    assert ended(shop.handle(event)) == ("removed", None)
    assert shop.existing == []


def test_a_removal_costs_a_head_and_a_delete_for_each_rendition() -> None:
    """Beside them it looks at the source before it deletes, and again afterwards."""
    shop = Shop()
    shop.handle(shop.upload(picture()))
    event = shop.delete()
    shop.handle(event)
    assert shop.requests == {"head_object": 3 + 2, "delete_object": 3}
    shop.handle(event)
    assert shop.requests == {"head_object": 3 + 1}


def test_renditions_can_be_kept() -> None:
    """With `RESIZER_ON_DELETE=keep` a removal leaves everything, without a DELETE."""
    shop = Shop(settings=replace(SMALL, on_delete="keep"))
    shop.handle(shop.upload(picture()))
    assert ended(shop.handle(shop.delete())) == ("skipped", "kept")
    assert shop.existing == outputs()
    assert "delete_object" not in shop.requests


def test_what_others_own_is_not_deleted() -> None:
    """A removal leaves the renditions of another source, and objects that this service did not write."""
    shop = Shop(settings=replace(SMALL, defaults=Rule.of_widths((3, 2, 1), formats=("source", "webp"))))
    shop.handle(shop.upload(picture(), "cat.png"))
    shop.memory.put_object(Bucket=BUCKET, Key="resized/3-dog.png", Body=b"by hand")
    before = shop.existing
    assert ended(shop.handle(shop.upload(picture(), "cat.png.webp"))) == ("rejected", "key_taken")
    for key in ("cat.png.webp", "dog.png"):
        assert ended(shop.handle(shop.delete(key))) == ("skipped", "already_done")
    assert shop.existing == before


def test_a_delete_overtaken_by_a_new_upload_removes_nothing() -> None:
    """Where the object stands again, its deletion's late event changes nothing."""
    shop = Shop()
    shop.handle(shop.upload(picture("red")))
    late = shop.delete()
    shop.handle(shop.upload(picture("blue")))
    assert ended(shop.handle(late)) == ("skipped", "superseded")
    assert shop.existing == outputs()
    assert set(shop.requests) == {"head_object"}


def test_a_delete_of_an_old_version_removes_nothing() -> None:
    """In a versioned bucket the permanent deletion of an old version leaves the renditions of the current one."""
    shop = Shop(versioned=True)
    shop.handle(shop.upload(picture("red")))
    shop.handle(shop.upload(picture("blue")))
    old = shop.memory.version_ids(BUCKET, KEY)[0]
    assert ended(shop.handle(shop.delete(VersionId=old))) == ("skipped", "superseded")
    assert shop.existing == outputs()


def test_a_delete_that_bares_an_older_version_shows_that_one() -> None:
    """Where the current version is deleted for good, the renditions become those of the one before it."""
    shop = Shop(versioned=True)
    shop.handle(shop.upload(picture("red")))
    shop.handle(shop.upload(picture("blue")))
    newest = shop.memory.version_ids(BUCKET, KEY)[-1]
    assert ended(shop.handle(shop.delete(VersionId=newest))) == ("resized", None)
    shown = shop.memory.current(BUCKET, outputs()[0])
    assert shown is not None
    assert Image.open(io.BytesIO(shown.body or b"")).convert("RGB").getpixel((0, 0)) == (255, 0, 0)


def test_an_old_version_is_not_shown_because_it_can_still_be_read() -> None:
    """In a versioned bucket the late event of an overwritten version makes nothing, though its bytes are there."""
    shop = Shop(versioned=True)
    late = shop.upload(picture("red"))
    shop.handle(shop.upload(picture("blue")))
    assert ended(shop.handle(late)) == ("skipped", "superseded")


def test_the_next_try_completes_what_the_last_one_began() -> None:
    """Two of three PUTs succeed, then S3 refuses: the try fails, and the next one writes only what is missing."""
    shop = Shop()
    event = shop.upload(picture())
    shop.s3.faults["put_object"] = lambda request: refuse(request, outputs()[0])
    with pytest.raises(StorageError, match="1-albums"):
        shop.handle(event)
    assert shop.existing == outputs()[1:]
    shop.s3.faults.clear()
    assert ended(shop.handle(event)) == ("resized", None)
    assert shop.existing == outputs()


def test_the_first_of_two_deletions_does_all_the_work() -> None:
    """Uploaded and deleted again before the first deletion's late event came: the source is gone, so all go."""
    shop = Shop()
    shop.upload(picture("red"))
    first = shop.delete()
    shop.handle(shop.upload(picture("blue")))
    second = shop.delete()
    assert ended(shop.handle(first)) == ("removed", None)
    assert shop.existing == []
    assert ended(shop.handle(second)) == ("skipped", "already_done")


def test_a_direct_request_needs_no_sequencer() -> None:
    """A request without ETag or sequencer replaces older renditions after a look at the source."""
    shop = Shop()
    shop.handle(shop.upload(picture("red")))
    shop.upload(picture("blue"))
    report = process(SourceObject(BUCKET, KEY), SMALL, shop.s3)
    assert ended(report) == ("resized", None)


def test_removals_under_the_output_prefix_are_ours_and_skipped() -> None:
    """The removal of a rendition is an event too, and costs no request."""
    shop = Shop()
    shop.handle(shop.upload(picture()))
    assert ended(shop.handle(shop.delete(outputs()[0]))) == ("skipped", "output_prefix")
    assert shop.requests == {}
