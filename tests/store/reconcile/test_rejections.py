"""A rejected source has no renditions: neither old ones nor part of a new set."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from resizer.encode import Encoding
from resizer.errors import Reason, Rejected
from resizer.model import Format, Frame, SourceObject
from resizer.pipeline import process
from resizer.settings.rules import Effort, Quality, Rule
from resizer.store import uploads
from tests.store.reconcile.shop import BUCKET, KEY, SMALL, Shop, outcome_of, outputs, picture
from tests.support.interleaving import InlineExecutor
from tests.support.recording import refusal


@pytest.fixture
def refuse_the(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes the encoder refuse the rendition with this number; the widest is 1."""

    def refuse(number: int) -> None:
        encoded: list[str] = []

        class Refusing(Encoding):
            def encode(
                self, frames: Sequence[Frame], format_: Format, quality: Quality, effort: Effort = Effort.BALANCED
            ) -> bytes:
                encoded.append(format_)
                if len(encoded) == number:
                    raise Rejected(Reason.UNSUPPORTED_FORMAT, "The encoder refuses.")
                return super().encode(frames, format_, quality, effort)

        monkeypatch.setattr("resizer.pipeline.Encoding", Refusing)
        monkeypatch.setattr(uploads, "executor", InlineExecutor())

    return refuse


def test_a_rejected_overwrite_deletes_the_old_renditions() -> None:
    """If an image is overwritten with something else, its renditions are deleted."""
    shop = Shop()
    shop.handle(shop.upload(picture()))
    assert outcome_of(shop.handle(shop.upload(b"no image"))) == ("rejected", "not_an_image")
    assert shop.existing == []
    assert shop.requests == {"get_object": 1, "head_object": 5, "delete_object": 3}


@pytest.mark.parametrize("key", ["cat.png", "scan.tiff", "cat", "report.txt"])
def test_a_rejected_first_upload_costs_a_head_for_each_rendition(key: str) -> None:
    """A rejected first upload costs one GET, and one HEAD for each key that could have an old rendition."""
    shop = Shop()
    assert outcome_of(shop.handle(shop.upload(b"no image", key))) == ("rejected", "not_an_image")
    assert shop.requests == {"get_object": 1, "head_object": 3}


@pytest.mark.parametrize("refused", [2, 3])
def test_a_rejection_half_way_leaves_no_partial_set(refuse_the: Callable[[int], None], refused: int) -> None:
    """Renditions that were written before the encoder refused are deleted."""
    shop = Shop()
    event = shop.upload(picture())
    refuse_the(refused)
    assert outcome_of(shop.handle(event)) == ("rejected", "unsupported_format")
    assert shop.requests["put_object"] == refused - 1
    assert shop.existing == []


@pytest.mark.parametrize("on_delete", ["remove", "keep"])
def test_a_partial_set_is_never_kept(refuse_the: Callable[[int], None], on_delete: str) -> None:
    """`RESIZER_ON_DELETE=keep` keeps the renditions of earlier uploads, but not those of a rejected one."""
    shop = Shop(settings=replace(SMALL, on_delete=on_delete))
    shop.handle(shop.upload(picture("red")))
    event = shop.upload(picture("blue"))
    refuse_the(3)
    assert outcome_of(shop.handle(event)) == ("rejected", "unsupported_format")
    assert shop.existing == (outputs()[:1] if on_delete == "keep" else [])


def test_renditions_of_earlier_uploads_can_be_kept() -> None:
    """With `RESIZER_ON_DELETE=keep` a rejected overwrite deletes nothing."""
    shop = Shop(settings=replace(SMALL, on_delete="keep"))
    shop.handle(shop.upload(picture()))
    assert outcome_of(shop.handle(shop.upload(b"no image"))) == ("rejected", "not_an_image")
    assert shop.existing == outputs()
    assert "delete_object" not in shop.requests


def test_a_complete_set_of_the_same_upload_stays(refuse_the: Callable[[int], None]) -> None:
    """If all renditions of this upload exist, a rejected duplicate changes nothing."""
    shop = Shop()
    event = shop.upload(picture())
    shop.handle(event)
    refuse_the(3)
    assert outcome_of(shop.handle(event)) == ("skipped", "superseded")
    assert shop.existing == outputs()


def test_a_rejected_direct_event_deletes_old_renditions() -> None:
    """A direct event without an ETag is rejected as well, and deletes the old renditions."""
    shop = Shop()
    shop.handle(shop.upload(picture()))
    shop.upload(b"no image")
    report = process(SourceObject(BUCKET, KEY), SMALL, shop.s3)
    assert outcome_of(report) == ("rejected", "not_an_image")
    assert shop.existing == []


def test_a_source_that_is_too_large_loses_old_renditions() -> None:
    """A source that is rejected for its size, before any download, loses its old renditions."""
    shop = Shop()
    shop.handle(shop.upload(picture()))
    shop.upload(bytes(1000))
    for source in (SourceObject(BUCKET, KEY), SourceObject(BUCKET, KEY, size=1000)):
        report = process(source, replace(SMALL, max_bytes=999), shop.s3)
        assert outcome_of(report) == ("rejected", "too_many_bytes")
    assert shop.existing == []


@pytest.mark.parametrize("change", ["upload", "delete"])
def test_a_source_without_permission_is_rejected_at_once(change: str) -> None:
    """If S3 denies GET and HEAD of a source, it is rejected as `access_denied` and its renditions stay."""
    shop = Shop()
    shop.handle(shop.upload(picture()))
    event = shop.upload(picture("blue")) if change == "upload" else shop.delete()

    def deny(request: dict[str, Any]) -> None:
        if request["Key"] == KEY:
            raise refusal("AccessDenied", "HeadObject")

    shop.s3.faults |= {"get_object": deny, "head_object": deny}
    assert outcome_of(shop.handle(event)) == ("rejected", "access_denied")
    assert shop.s3.calls.count(("head_object", KEY)) == 1
    assert shop.existing == outputs()


def test_a_taken_key_leaves_no_partial_set() -> None:
    """`cat.png` in WebP and `cat.png.webp` share keys: the second gets no renditions, the first keeps all."""
    shop = Shop(settings=replace(SMALL, defaults=Rule.of_widths((3, 2, 1), formats=("source", "webp"))))
    shop.handle(shop.upload(picture(), "cat.png.webp"))
    before = shop.existing
    assert outcome_of(shop.handle(shop.upload(picture(), "cat.png"))) == ("rejected", "key_taken")
    assert shop.existing == before
