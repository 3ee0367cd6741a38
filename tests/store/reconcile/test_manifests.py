"""A manifest is written last, goes with its renditions, and is replaced by the same rules as they are."""

from __future__ import annotations

from typing import Any

import pytest

from resizer.errors import StorageError
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.settings import Settings
from resizer.settings.rules import Rule
from tests.store.reconcile.shop import BUCKET, KEY, SMALL, Shop, ended, outputs, picture, refuse
from tests.support.manifests import parsed, with_manifest

DESCRIBED = with_manifest(SMALL)
MANIFEST = f"resized/manifest-{KEY}.json"
ALL = sorted([*outputs(), MANIFEST])


def manifest(shop: Shop) -> dict[str, Any]:
    stored = shop.memory.current(BUCKET, MANIFEST)
    assert stored is not None
    return parsed(stored.body)


def writes(shop: Shop) -> list[str]:
    return [key for operation, key in shop.s3.calls if operation == "put_object"]


def test_a_manifest_costs_one_put_after_all_others() -> None:
    """An upload makes its GET, a PUT for each rendition, one for the manifest, and the HEAD of the source."""
    shop = Shop(settings=DESCRIBED)
    assert ended(shop.handle(shop.upload(picture()))) == ("resized", None)
    assert shop.requests == {"get_object": 1, "put_object": 4, "head_object": 1}
    assert writes(shop)[-1] == MANIFEST
    assert sorted(shop.existing) == ALL
    assert [each["key"] for each in manifest(shop)["renditions"]] == outputs()


def test_a_set_is_done_only_with_its_manifest() -> None:
    """A duplicate is `already_done` where the manifest is there, too; where it is missing, that alone is written."""
    shop = Shop(settings=DESCRIBED)
    event = shop.upload(picture())
    shop.s3.faults["put_object"] = lambda request: refuse(request, MANIFEST)
    with pytest.raises(StorageError, match=r"manifest-albums"):
        shop.handle(event)
    assert sorted(shop.existing) == sorted(outputs())
    shop.s3.faults.clear()
    assert ended(shop.handle(event)) == ("resized", None)
    assert sorted(shop.existing) == ALL
    assert ended(shop.handle(event)) == ("skipped", "already_done")


def test_a_late_event_completes_a_manifest_that_is_missing() -> None:
    """Renditions that match the source are not up to date while their manifest is missing."""
    shop = Shop(settings=DESCRIBED)
    shop.handle(shop.upload(picture()))
    shop.memory.delete_object(Bucket=BUCKET, Key=MANIFEST)
    deletion = shop.delete()
    shop.upload(picture())
    assert ended(shop.handle(deletion)) == ("resized", None)
    assert sorted(shop.existing) == ALL


def test_a_manifest_is_deleted_before_the_renditions_that_it_names() -> None:
    """A removal deletes it with them, so that it never names what is gone."""
    shop = Shop(settings=DESCRIBED)
    shop.handle(shop.upload(picture()))
    assert ended(shop.handle(shop.delete())) == ("removed", None)
    assert shop.existing == []
    assert next(key for operation, key in shop.s3.calls if operation == "delete_object") == MANIFEST


def test_a_rejected_overwrite_deletes_the_old_manifest() -> None:
    """Where no image replaces an image, nothing goes on describing what is gone."""
    shop = Shop(settings=DESCRIBED)
    shop.handle(shop.upload(picture()))
    assert ended(shop.handle(shop.upload(b"no image"))) == ("rejected", "not_an_image")
    assert shop.existing == []


def test_a_replaced_source_has_a_new_manifest() -> None:
    """An overwrite replaces it, and the late event of the earlier upload leaves it alone."""
    shop = Shop(settings=DESCRIBED)
    early = shop.upload(picture("red"))
    shop.handle(early)
    assert manifest(shop)["color"] == "#ff0000"
    shop.handle(shop.upload(picture("blue")))
    assert manifest(shop)["color"] == "#0000ff"
    assert ended(shop.handle(early)) == ("skipped", "superseded")
    assert manifest(shop)["color"] == "#0000ff"


def test_another_set_of_renditions_has_another_manifest() -> None:
    """Where the settings gain a width, the next event rewrites the manifest, though most renditions stay."""
    shop = Shop(settings=DESCRIBED)
    event = shop.upload(picture())
    shop.handle(event)
    shop.settings = with_manifest(Settings(defaults=Rule.of_widths((4, 3, 2, 1))))
    assert ended(shop.handle(event)) == ("resized", None)
    assert [each["name"] for each in manifest(shop)["renditions"]] == ["1", "2", "3", "4"]
    assert ended(shop.handle(event)) == ("skipped", "already_done")


def test_an_events_own_widths_have_no_manifest() -> None:
    """A direct event with widths of its own writes these, and neither makes nor changes a manifest."""
    shop = Shop(settings=DESCRIBED)
    shop.handle(shop.upload(picture()))
    before = shop.memory.current(BUCKET, MANIFEST)
    report = process(SourceObject(BUCKET, KEY, widths=(2,)), DESCRIBED, shop.s3)
    assert ended(report) == ("skipped", "already_done")
    assert shop.memory.current(BUCKET, MANIFEST) is before
    shop.memory.put_object(Bucket=BUCKET, Key="dog.png", Body=picture())
    assert ended(process(SourceObject(BUCKET, "dog.png", widths=(2,)), DESCRIBED, shop.s3)) == ("resized", None)
    assert [key for key in shop.existing if "dog" in key] == ["resized/2-dog.png"]


def test_a_manifest_is_cached_as_its_renditions_are() -> None:
    """It has their `Cache-Control` and provenance, and nothing that a source says about its language or file name."""
    shop = Shop(settings=DESCRIBED)
    headers = {"CacheControl": "max-age=60", "ContentLanguage": "de", "ContentDisposition": 'inline; filename="x.png"'}
    event = shop.upload(picture(), **headers)
    shop.handle(event)
    told = shop.memory.head_object(Bucket=BUCKET, Key=MANIFEST)
    assert (told["ContentType"], told["CacheControl"]) == ("application/json", "max-age=60")
    assert told.keys().isdisjoint({"ContentLanguage", "ContentDisposition"})
    assert told["Metadata"].keys() == {"source-key-hash", "source-etag", "source-sequencer", "recipe"}
    shop.settings = with_manifest(Settings(defaults=Rule.of_widths((3, 2, 1), cache_control="no-store")))
    assert ended(shop.handle(event)) == ("resized", None)
    assert shop.memory.head_object(Bucket=BUCKET, Key=MANIFEST)["CacheControl"] == "no-store"


def test_renditions_say_what_to_show_before_them() -> None:
    """ThumbHash and colour are in the user metadata of each rendition, which stays far below S3's 2 KB."""
    shop = Shop(settings=DESCRIBED)
    report = shop.handle(shop.upload(picture("blue")))
    for key in outputs():
        metadata = shop.memory.head_object(Bucket=BUCKET, Key=key)["Metadata"]
        assert {"thumbhash": metadata["thumbhash"], "color": metadata["color"]} == report.answer()["placeholder"]
        assert metadata["color"] == "#0000ff"
        assert sum(len(name) + len(value) for name, value in metadata.items()) < 500


def test_without_a_manifest_nothing_is_different() -> None:
    """By default there is no manifest, no placeholder, and no request more than before."""
    assert (Settings().rule_for(KEY).manifest, Settings().rule_for(KEY).placeholder) == (False, False)
    shop = Shop()
    report = shop.handle(shop.upload(picture()))
    assert report.answer()["placeholder"] is None
    assert shop.existing == outputs()
    assert "thumbhash" not in shop.memory.head_object(Bucket=BUCKET, Key=outputs()[0])["Metadata"]


def test_a_source_whose_manifest_key_is_too_long_is_rejected() -> None:
    """The manifest's key counts like every output key."""
    key = "x" * (1024 - len("resized/manifest-.json"))
    shop = Shop(settings=DESCRIBED)
    assert ended(shop.handle(shop.upload(picture(), key))) == ("resized", None)
    assert ended(shop.handle(shop.upload(picture(), key + "x"))) == ("rejected", "key_too_long")
