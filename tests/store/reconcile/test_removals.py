"""A deletion deletes the renditions of its source, and never those of another source or a newer upload."""

import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from resizer.errors import StorageError
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.settings.rules import Rule
from tests.store.reconcile.shop import BUCKET, KEY, SMALL, Shop, outcome_of, outputs, picture, refuse
from tests.support.recording import refusal


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "GIF", "TIFF"])
@pytest.mark.parametrize("key", ["cat.png", "cat", "cat.tiff"])
def test_a_deletion_deletes_all_widths_and_formats(key: str, format_: str) -> None:
    """Whatever format and name the source had, none of its renditions is left."""
    shop = Shop(settings=replace(SMALL, defaults=Rule.of_widths((3, 2, 1), formats=("source", "webp", "avif"))))
    shop.handle(shop.upload(picture(format_=format_), key))
    assert len(shop.existing) == 9
    assert outcome_of(shop.handle(shop.delete(key))) == ("removed", None)
    assert shop.existing == []


def test_a_repeated_deletion_is_already_done() -> None:
    """A deletion event that comes again finds nothing to delete and is `already_done`."""
    shop = Shop()
    shop.handle(shop.upload(picture()))
    event = shop.delete()
    shop.handle(event)
    assert outcome_of(shop.handle(event)) == ("skipped", "already_done")


@pytest.mark.parametrize("code", ["NoSuchKey", "PreconditionFailed"])
def test_a_deletion_with_lost_responses_is_removed(code: str) -> None:
    """If botocore retries a DELETE that had succeeded, the 404 or 412 counts as success."""
    shop = Shop(settings=replace(SMALL, defaults=Rule.of_widths((6, 5, 4, 3, 2, 1))))
    shop.handle(shop.upload(picture()))

    def lose_the_response(request: dict[str, Any]) -> None:
        shop.memory.delete_object(**request)
        problem = refusal(code, "DeleteObject")
        problem.response["ResponseMetadata"] = {"RetryAttempts": 1}  # type: ignore[typeddict-item] # other fields do not matter
        raise problem

    event = shop.delete()
    shop.s3.faults["delete_object"] = lose_the_response
    assert outcome_of(shop.handle(event)) == ("removed", None)
    assert shop.existing == []


def test_a_deletion_costs_a_head_and_a_delete_per_rendition() -> None:
    """A deletion also costs a HEAD of the source before and after the DELETEs."""
    shop = Shop()
    shop.handle(shop.upload(picture()))
    event = shop.delete()
    shop.handle(event)
    assert shop.requests == {"head_object": 3 + 2, "delete_object": 3}
    shop.handle(event)
    assert shop.requests == {"head_object": 3 + 1}


def test_renditions_can_be_kept() -> None:
    """With `RESIZER_ON_DELETE=keep` a deletion keeps all renditions and makes no DELETE."""
    shop = Shop(settings=replace(SMALL, on_delete="keep"))
    shop.handle(shop.upload(picture()))
    assert outcome_of(shop.handle(shop.delete())) == ("skipped", "kept")
    assert shop.existing == outputs()
    assert "delete_object" not in shop.requests


def test_objects_of_others_are_not_deleted() -> None:
    """A deletion keeps renditions of other sources, and objects that Resizer did not write."""
    shop = Shop(settings=replace(SMALL, defaults=Rule.of_widths((3, 2, 1), formats=("source", "webp"))))
    shop.handle(shop.upload(picture(), "cat.png"))
    shop.memory.put_object(Bucket=BUCKET, Key="resized/3-dog.png", Body=b"by hand")
    before = shop.existing
    assert outcome_of(shop.handle(shop.upload(picture(), "cat.png.webp"))) == ("rejected", "key_taken")
    for key in ("cat.png.webp", "dog.png"):
        assert outcome_of(shop.handle(shop.delete(key))) == ("skipped", "already_done")
    assert shop.existing == before


def test_a_deletion_before_a_new_upload_deletes_nothing() -> None:
    """If the object exists again, the late event of its deletion changes nothing."""
    shop = Shop()
    shop.handle(shop.upload(picture("red")))
    late = shop.delete()
    shop.handle(shop.upload(picture("blue")))
    assert outcome_of(shop.handle(late)) == ("skipped", "superseded")
    assert shop.existing == outputs()
    assert set(shop.requests) == {"head_object"}


def test_deleting_an_old_version_deletes_nothing() -> None:
    """In a versioned bucket, deleting an old version for good keeps the renditions of the current one."""
    shop = Shop(versioned=True)
    shop.handle(shop.upload(picture("red")))
    shop.handle(shop.upload(picture("blue")))
    old = shop.memory.version_ids(BUCKET, KEY)[0]
    assert outcome_of(shop.handle(shop.delete(VersionId=old))) == ("skipped", "superseded")
    assert shop.existing == outputs()


def test_deleting_the_current_version_restores_the_one_before() -> None:
    """If the current version is deleted for good, the renditions become those of the version before."""
    shop = Shop(versioned=True)
    shop.handle(shop.upload(picture("red")))
    shop.handle(shop.upload(picture("blue")))
    newest = shop.memory.version_ids(BUCKET, KEY)[-1]
    assert outcome_of(shop.handle(shop.delete(VersionId=newest))) == ("resized", None)
    shown = shop.memory.current(BUCKET, outputs()[0])
    assert shown is not None
    assert Image.open(io.BytesIO(shown.body or b"")).convert("RGB").getpixel((0, 0)) == (255, 0, 0)


def test_an_old_version_is_never_resized() -> None:
    """In a versioned bucket the late event of an overwritten version is skipped, though its bytes exist."""
    shop = Shop(versioned=True)
    late = shop.upload(picture("red"))
    shop.handle(shop.upload(picture("blue")))
    assert outcome_of(shop.handle(late)) == ("skipped", "superseded")


def test_a_retry_writes_only_missing_renditions() -> None:
    """If one of three PUTs fails, the event fails, and its retry writes the missing rendition."""
    shop = Shop()
    event = shop.upload(picture())
    shop.s3.faults["put_object"] = lambda request: refuse(request, outputs()[0])
    with pytest.raises(StorageError, match="1-albums"):
        shop.handle(event)
    assert shop.existing == outputs()[1:]
    shop.s3.faults.clear()
    assert outcome_of(shop.handle(event)) == ("resized", None)
    assert shop.existing == outputs()


def test_the_first_of_two_deletion_events_deletes_everything() -> None:
    """If the source was uploaded and deleted again, the first deletion event deletes the renditions."""
    shop = Shop()
    shop.upload(picture("red"))
    first = shop.delete()
    shop.handle(shop.upload(picture("blue")))
    second = shop.delete()
    assert outcome_of(shop.handle(first)) == ("removed", None)
    assert shop.existing == []
    assert outcome_of(shop.handle(second)) == ("skipped", "already_done")


def test_a_direct_event_needs_no_sequencer() -> None:
    """A direct event without ETag and sequencer replaces older renditions."""
    shop = Shop()
    shop.handle(shop.upload(picture("red")))
    shop.upload(picture("blue"))
    report = process(SourceObject(BUCKET, KEY), SMALL, shop.s3)
    assert outcome_of(report) == ("resized", None)


def test_the_deletion_of_a_rendition_is_skipped() -> None:
    """The event of a deleted rendition is skipped without a request."""
    shop = Shop()
    shop.handle(shop.upload(picture()))
    assert outcome_of(shop.handle(shop.delete(outputs()[0]))) == ("skipped", "output_prefix")
    assert shop.requests == {}
