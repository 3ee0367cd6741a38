"""What cannot be resized leaves no renditions: not of what was there before, and no part of its own set."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from resizer.encode import Encoding
from resizer.errors import Reason, Rejected
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.settings.rules import Effort, Rule
from resizer.store import uploads
from tests.store.reconcile.shop import BUCKET, KEY, SMALL, Shop, ended, outputs, picture
from tests.support.interleaving import InlineExecutor
from tests.support.recording import refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from resizer.model import Format, Frame
    from resizer.settings.rules import Quality


@pytest.fixture
def refuse_the(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """From now on the encoder refuses a picture's rendition of this number, the widest being 1."""

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
    """Where no image replaces an image, the old one's renditions do not go on showing what is gone."""
    shop = Shop()
    shop.handle(shop.upload(picture()))
    assert ended(shop.handle(shop.upload(b"no image"))) == ("rejected", "not_an_image")
    assert shop.existing == []
    assert shop.requests == {"get_object": 1, "head_object": 5, "delete_object": 3}


@pytest.mark.parametrize("key", ["cat.png", "scan.tiff", "cat", "report.txt"])
def test_a_rejected_first_upload_costs_a_head_for_each_rendition(key: str) -> None:
    """One GET, and one HEAD for each key where a rendition of an earlier upload may be."""
    shop = Shop()
    assert ended(shop.handle(shop.upload(b"no image", key))) == ("rejected", "not_an_image")
    assert shop.requests == {"get_object": 1, "head_object": 3}


@pytest.mark.parametrize("refused", [2, 3])
def test_an_encoder_that_refuses_half_way_leaves_no_part_of_a_set(
    refuse_the: Callable[[int], None], refused: int
) -> None:
    """What was stored before the encoder refused is deleted, and the source is rejected."""
    shop = Shop()
    event = shop.upload(picture())
    refuse_the(refused)
    assert ended(shop.handle(event)) == ("rejected", "unsupported_format")
    assert shop.requests["put_object"] == refused - 1
    assert shop.existing == []


@pytest.mark.parametrize("on_delete", ["remove", "keep"])
def test_a_part_of_a_set_goes_also_where_renditions_are_kept(refuse_the: Callable[[int], None], on_delete: str) -> None:
    """`RESIZER_ON_DELETE=keep` keeps what earlier uploads left, but no part of a rejected set."""
    shop = Shop(settings=replace(SMALL, on_delete=on_delete))
    shop.handle(shop.upload(picture("red")))
    event = shop.upload(picture("blue"))
    refuse_the(3)
    assert ended(shop.handle(event)) == ("rejected", "unsupported_format")
    assert shop.existing == (outputs()[:1] if on_delete == "keep" else [])


def test_a_whole_set_of_an_earlier_try_stays(refuse_the: Callable[[int], None]) -> None:
    """Where all renditions of this upload exist, a duplicate that is refused changes nothing."""
    shop = Shop()
    event = shop.upload(picture())
    shop.handle(event)
    refuse_the(3)
    assert ended(shop.handle(event)) == ("skipped", "superseded")
    assert shop.existing == outputs()


def test_a_direct_request_for_what_cannot_be_resized_ends() -> None:
    """A request without ETag is rejected, too, and deletes the renditions of what was there before."""
    shop = Shop()
    shop.handle(shop.upload(picture()))
    shop.upload(b"no image")
    report = process(SourceObject(BUCKET, KEY), SMALL, shop.s3)
    assert ended(report) == ("rejected", "not_an_image")
    assert shop.existing == []


def test_a_rejection_for_its_size_alone_ends_too() -> None:
    """The same where the source is too large, which is known before it is downloaded."""
    shop = Shop()
    shop.handle(shop.upload(picture()))
    shop.upload(bytes(1000))
    for source in (SourceObject(BUCKET, KEY), SourceObject(BUCKET, KEY, size=1000)):
        report = process(source, replace(SMALL, max_bytes=999), shop.s3)
        assert ended(report) == ("rejected", "too_many_bytes")
    assert shop.existing == []


@pytest.mark.parametrize("change", ["upload", "delete"])
def test_a_source_that_may_not_even_be_looked_at_ends_at_once(change: str) -> None:
    """Where S3 denies the GET and the HEAD of a source, it is rejected `access_denied`, and not tried again."""
    shop = Shop()
    shop.handle(shop.upload(picture()))
    event = shop.upload(picture("blue")) if change == "upload" else shop.delete()

    def deny(request: dict[str, Any]) -> None:
        if request["Key"] == KEY:
            raise refusal("AccessDenied", "HeadObject")

    shop.s3.faults |= {"get_object": deny, "head_object": deny}
    assert ended(shop.handle(event)) == ("rejected", "access_denied")
    assert shop.s3.calls.count(("head_object", KEY)) == 1
    assert shop.existing == outputs()


def test_a_key_that_is_taken_leaves_no_part_of_a_set() -> None:
    """`cat.png` in WebP and `cat.png.webp` would share keys: the second gets no renditions, the first keeps all."""
    shop = Shop(settings=replace(SMALL, defaults=Rule.of_widths((3, 2, 1), formats=("source", "webp"))))
    shop.handle(shop.upload(picture(), "cat.png.webp"))
    before = shop.existing
    assert ended(shop.handle(shop.upload(picture(), "cat.png"))) == ("rejected", "key_taken")
    assert shop.existing == before
