"""A manifest is written after its renditions, and replaced and deleted together with them."""

from typing import Any

import pytest

from resizer.errors import StorageError
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.settings import Settings
from resizer.settings.rules import Rule
from tests.store.reconcile.shop import BUCKET, KEY, SMALL, Shop, outcome_of, outputs, picture, refuse
from tests.support.manifests import parsed, with_manifest

WITH_MANIFEST = with_manifest(SMALL)
MANIFEST = f"resized/manifest-{KEY}.json"
ALL = sorted([*outputs(), MANIFEST])


def manifest(shop: Shop) -> dict[str, Any]:
    stored = shop.memory.current(BUCKET, MANIFEST)
    assert stored is not None
    return parsed(stored.body)


def writes(shop: Shop) -> list[str]:
    return [key for operation, key in shop.s3.calls if operation == "put_object"]


def test_a_manifest_costs_one_more_put() -> None:
    """An upload costs one GET, one PUT per rendition, one PUT for the manifest last, and one HEAD."""
    shop = Shop(settings=WITH_MANIFEST)
    assert outcome_of(shop.handle(shop.upload(picture()))) == ("resized", None)
    assert shop.requests == {"get_object": 1, "put_object": 4, "head_object": 1}
    assert writes(shop)[-1] == MANIFEST
    assert sorted(shop.existing) == ALL
    assert [each["key"] for each in manifest(shop)["renditions"]] == outputs()


def test_a_missing_manifest_is_written_by_the_next_event() -> None:
    """A duplicate event writes a missing manifest; only with the manifest is it `already_done`."""
    shop = Shop(settings=WITH_MANIFEST)
    event = shop.upload(picture())
    shop.s3.faults["put_object"] = lambda request: refuse(request, MANIFEST)
    with pytest.raises(StorageError, match=r"manifest-albums"):
        shop.handle(event)
    assert sorted(shop.existing) == sorted(outputs())
    shop.s3.faults.clear()
    assert outcome_of(shop.handle(event)) == ("resized", None)
    assert sorted(shop.existing) == ALL
    assert outcome_of(shop.handle(event)) == ("skipped", "already_done")


def test_a_late_deletion_event_writes_a_missing_manifest() -> None:
    """Renditions that match the source are not complete without their manifest."""
    shop = Shop(settings=WITH_MANIFEST)
    shop.handle(shop.upload(picture()))
    shop.memory.delete_object(Bucket=BUCKET, Key=MANIFEST)
    deletion = shop.delete()
    shop.upload(picture())
    assert outcome_of(shop.handle(deletion)) == ("resized", None)
    assert sorted(shop.existing) == ALL


def test_a_manifest_is_deleted_before_its_renditions() -> None:
    """The manifest is deleted first, so that it never lists missing renditions."""
    shop = Shop(settings=WITH_MANIFEST)
    shop.handle(shop.upload(picture()))
    assert outcome_of(shop.handle(shop.delete())) == ("removed", None)
    assert shop.existing == []
    assert next(key for operation, key in shop.s3.calls if operation == "delete_object") == MANIFEST


def test_a_rejected_overwrite_deletes_the_old_manifest() -> None:
    """If an image is overwritten with something else, its manifest is deleted with its renditions."""
    shop = Shop(settings=WITH_MANIFEST)
    shop.handle(shop.upload(picture()))
    assert outcome_of(shop.handle(shop.upload(b"no image"))) == ("rejected", "not_an_image")
    assert shop.existing == []


def test_an_overwrite_replaces_the_manifest() -> None:
    """An overwrite replaces the manifest, and the late event of the first upload does not."""
    shop = Shop(settings=WITH_MANIFEST)
    early = shop.upload(picture("red"))
    shop.handle(early)
    assert manifest(shop)["color"] == "#ff0000"
    shop.handle(shop.upload(picture("blue")))
    assert manifest(shop)["color"] == "#0000ff"
    assert outcome_of(shop.handle(early)) == ("skipped", "superseded")
    assert manifest(shop)["color"] == "#0000ff"


def test_a_new_width_replaces_the_manifest() -> None:
    """With one more width in the settings, the next event writes the manifest anew."""
    shop = Shop(settings=WITH_MANIFEST)
    event = shop.upload(picture())
    shop.handle(event)
    shop.settings = with_manifest(Settings(defaults=Rule.of_widths((4, 3, 2, 1))))
    assert outcome_of(shop.handle(event)) == ("resized", None)
    assert [each["name"] for each in manifest(shop)["renditions"]] == ["1", "2", "3", "4"]
    assert outcome_of(shop.handle(event)) == ("skipped", "already_done")


def test_widths_of_an_event_do_not_change_the_manifest() -> None:
    """A direct event with widths writes their renditions, and neither writes nor changes a manifest."""
    shop = Shop(settings=WITH_MANIFEST)
    shop.handle(shop.upload(picture()))
    before = shop.memory.current(BUCKET, MANIFEST)
    report = process(SourceObject(BUCKET, KEY, widths=(2,)), WITH_MANIFEST, shop.s3)
    assert outcome_of(report) == ("skipped", "already_done")
    assert shop.memory.current(BUCKET, MANIFEST) is before
    shop.memory.put_object(Bucket=BUCKET, Key="dog.png", Body=picture())
    report = process(SourceObject(BUCKET, "dog.png", widths=(2,)), WITH_MANIFEST, shop.s3)
    assert outcome_of(report) == ("resized", None)
    assert [key for key in shop.existing if "dog" in key] == ["resized/2-dog.png"]


def test_a_manifest_has_its_renditions_cache_control() -> None:
    """A manifest has its renditions' `Cache-Control` and provenance, but no language or file name."""
    shop = Shop(settings=WITH_MANIFEST)
    headers = {"CacheControl": "max-age=60", "ContentLanguage": "de", "ContentDisposition": 'inline; filename="x.png"'}
    event = shop.upload(picture(), **headers)
    shop.handle(event)
    head = shop.memory.head_object(Bucket=BUCKET, Key=MANIFEST)
    assert (head["ContentType"], head["CacheControl"]) == ("application/json", "max-age=60")
    assert head.keys().isdisjoint({"ContentLanguage", "ContentDisposition"})
    assert head["Metadata"].keys() == {"source-key-hash", "source-etag", "source-sequencer", "recipe"}
    shop.settings = with_manifest(Settings(defaults=Rule.of_widths((3, 2, 1), cache_control="no-store")))
    assert outcome_of(shop.handle(event)) == ("resized", None)
    assert shop.memory.head_object(Bucket=BUCKET, Key=MANIFEST)["CacheControl"] == "no-store"


def test_renditions_have_the_placeholder_in_their_metadata() -> None:
    """Each rendition has ThumbHash and color in its user metadata, which stays far below S3's 2 kB."""
    shop = Shop(settings=WITH_MANIFEST)
    report = shop.handle(shop.upload(picture("blue")))
    for key in outputs():
        metadata = shop.memory.head_object(Bucket=BUCKET, Key=key)["Metadata"]
        assert {"thumbhash": metadata["thumbhash"], "color": metadata["color"]} == report.answer()["placeholder"]
        assert metadata["color"] == "#0000ff"
        assert sum(len(name) + len(value) for name, value in metadata.items()) < 500


def test_by_default_there_is_no_manifest() -> None:
    """By default there is no manifest and no placeholder."""
    assert (Settings().rule_for(KEY).manifest, Settings().rule_for(KEY).placeholder) == (False, False)
    shop = Shop()
    report = shop.handle(shop.upload(picture()))
    assert report.answer()["placeholder"] is None
    assert shop.existing == outputs()
    assert "thumbhash" not in shop.memory.head_object(Bucket=BUCKET, Key=outputs()[0])["Metadata"]


def test_a_source_whose_manifest_key_is_too_long_is_rejected() -> None:
    """The manifest's key may not be longer than S3 allows, like every output key."""
    key = "x" * (1024 - len("resized/manifest-.json"))
    shop = Shop(settings=WITH_MANIFEST)
    assert outcome_of(shop.handle(shop.upload(picture(), key))) == ("resized", None)
    assert outcome_of(shop.handle(shop.upload(picture(), key + "x"))) == ("rejected", "key_too_long")
