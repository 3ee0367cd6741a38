"""Removals, overwrites and what they leave: S3 in memory, with sequencers and versions, and no clock to wait for."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from resizer import events
from resizer.clock import Clock
from resizer.errors import StorageError
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.settings import Settings
from resizer.variables import OnDelete, Quality
from tests.memory_s3 import MemoryS3
from tests.recording import RecordingS3, refusal

if TYPE_CHECKING:
    from resizer.report import Report

BUCKET, KEY = "photos", "albums/a+b c%25é 日本.png"
SMALL = Settings(widths=(3, 2, 1))


def picture(colour: str = "red", format_: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), colour).save(buffer, format_)
    return buffer.getvalue()


@dataclass
class Shop:
    """A bucket, its events in order, and a clock in which waiting takes no time."""

    versioned: bool = False
    settings: Settings = SMALL
    told: list[dict[str, Any]] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    time: float = 1_700_000_000.0

    def __post_init__(self) -> None:
        self.memory = MemoryS3(self.told.append, self.versioned, now=lambda: self.time)
        self.s3 = RecordingS3(self.memory)

    def upload(self, body: bytes, key: str = KEY, **headers: str) -> dict[str, Any]:
        self.memory.put_object(Bucket=BUCKET, Key=key, Body=body, **headers)
        return self.told[-1]

    def delete(self, key: str = KEY, **version: str) -> dict[str, Any]:
        self.memory.delete_object(Bucket=BUCKET, Key=key, **version)
        return self.told[-1]

    def handle(self, event: dict[str, Any]) -> Report:
        self.s3.calls.clear()
        clock = Clock(now=lambda: self.time, monotonic=lambda: self.time, sleep=self._sleep)
        [source] = events.sources(event)
        return process(source, self.settings, self.s3, clock)

    def _sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.time += seconds

    @property
    def standing(self) -> list[str]:
        return self.memory.keys("resized/")

    @property
    def requests(self) -> dict[str, int]:
        return dict(Counter(operation for operation, _ in self.s3.calls))


def outputs(key: str = KEY) -> list[str]:
    return [f"resized/{width}-{key}" for width in (1, 2, 3)]


def ended(report: Report) -> tuple[str, str | None]:
    return str(report.outcome), report.reason and str(report.reason)


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


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "GIF", "TIFF"])
@pytest.mark.parametrize("key", ["cat.png", "cat", "cat.tiff"])
def test_a_removal_takes_all_formats_and_widths(key: str, format_: str) -> None:
    """Whatever format the source had, under whatever name, none of its renditions is left."""
    shop = Shop(settings=replace(SMALL, formats=("source", "webp", "avif")))
    shop.handle(shop.upload(picture(format_=format_), key))
    assert len(shop.standing) >= 6
    assert ended(shop.handle(shop.delete(key))) == ("removed", None)
    assert shop.standing == []


def test_a_removal_is_done_once() -> None:
    """A removal that comes again finds nothing, and says so."""
    shop = Shop()
    shop.handle(shop.upload(picture()))
    event = shop.delete()
    shop.handle(event)
    assert ended(shop.handle(event)) == ("skipped", "already_done")


def test_a_removal_waits_only_as_long_as_a_quick_write_may_take() -> None:
    """A fresh removal waits out the writes that look at nothing; one that is old enough waits for nothing."""
    shop = Shop()
    fresh = shop.delete()
    shop.handle(fresh)
    assert shop.waited == [pytest.approx(0.5)]
    shop.time += 1
    shop.handle(fresh)
    assert len(shop.waited) == 1


def test_renditions_can_be_kept() -> None:
    """With `RESIZER_ON_DELETE=keep` a removal leaves everything, without waiting and without a DELETE."""
    shop = Shop(settings=replace(SMALL, on_delete=OnDelete.KEEP))
    shop.handle(shop.upload(picture()))
    assert ended(shop.handle(shop.delete())) == ("skipped", "kept")
    assert (shop.standing, shop.waited) == (outputs(), [])
    assert "delete_object" not in shop.requests


def test_what_others_own_is_not_removed() -> None:
    """A removal leaves the renditions of another source, and objects that this service did not write."""
    shop = Shop()
    jpeg = picture(format_="JPEG")
    shop.handle(shop.upload(jpeg, "cat.jpg"))
    shop.memory.put_object(Bucket=BUCKET, Key="resized/3-cat.png", Body=b"by hand")
    refused = shop.handle(shop.upload(jpeg, "cat"))  # its outputs would be those of cat.jpg
    assert ended(refused) == ("rejected", "key_taken")
    assert ended(shop.handle(shop.delete("cat"))) == ("skipped", "already_done")
    assert set(shop.standing) == {*outputs("cat.jpg"), "resized/3-cat.png"}


def test_a_delete_overtaken_by_a_new_upload_removes_nothing() -> None:
    """Where the object stands again, its deletion's late event changes nothing."""
    shop = Shop()
    shop.handle(shop.upload(picture("red")))
    late = shop.delete()
    shop.handle(shop.upload(picture("blue")))
    assert ended(shop.handle(late)) == ("skipped", "superseded")
    assert shop.standing == outputs()
    assert set(shop.requests) == {"head_object"}


def test_a_delete_of_an_old_version_removes_nothing() -> None:
    """In a versioned bucket the permanent deletion of an old version leaves the renditions of the current one."""
    shop = Shop(versioned=True)
    shop.handle(shop.upload(picture("red")))
    shop.handle(shop.upload(picture("blue")))
    old = shop.memory.version_ids(BUCKET, KEY)[0]
    assert ended(shop.handle(shop.delete(VersionId=old))) == ("skipped", "superseded")
    assert shop.standing == outputs()


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
    assert shop.standing == outputs()[1:]
    shop.s3.faults.clear()
    assert ended(shop.handle(event)) == ("resized", None)
    assert shop.standing == outputs()


def refuse(request: dict[str, Any], key: str) -> None:
    if request["Key"] == key:
        raise refusal("InternalError", "PutObject")


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


def test_a_removal_leaves_what_a_later_upload_is_writing() -> None:
    """Uploaded and deleted again before the first deletion's late event came: that leaves all to the second's."""
    shop = Shop()
    shop.upload(picture("red"))
    first = shop.delete()
    shop.handle(shop.upload(picture("blue")))
    second = shop.delete()
    assert ended(shop.handle(first)) == ("skipped", "superseded")
    assert shop.standing == outputs()
    assert ended(shop.handle(second)) == ("removed", None)


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
