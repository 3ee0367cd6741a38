"""The stories that ordering has to get right, each told once by hand, request by request."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import pytest
from PIL import Image

from resizer.settings import Settings
from resizer.settings.rules import Rule
from resizer.store import uploads
from tests.support.interleaving import Died, Fate, Handler, InlineExecutor, World
from tests.support.memory_s3 import MemoryS3

BUCKET, KEY = "photos", "cat.png"
OUTPUTS = [f"resized/{width}-{KEY}" for width in (3, 2, 1)]
COLOURS = {(255, 0, 0): "red", (0, 0, 255): "blue"}


@pytest.fixture(autouse=True)
def _one_thing_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "executor", InlineExecutor())


@dataclass
class Story:
    """A bucket with one key, and handlers to be stepped through."""

    sequencers: bool = True
    widths: tuple[int, ...] = (3, 2, 1)
    formats: tuple[str, ...] = ("source",)
    told: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        store = MemoryS3(self.told.append, sequencers=self.sequencers)
        self.world = World(store, Settings(defaults=Rule.of_widths(self.widths, formats=self.formats)))
        self.store = store

    def upload(self, colour: str, key: str = KEY, format_: str = "PNG") -> dict[str, Any]:
        buffer = io.BytesIO()
        Image.new("RGB", (3, 3), colour).save(buffer, format_)
        return self.put(buffer.getvalue(), key)

    def put(self, body: bytes, key: str = KEY) -> dict[str, Any]:
        self.store.put_object(Bucket=BUCKET, Key=key, Body=body)
        return self.told[-1]

    def delete(self) -> dict[str, Any]:
        self.store.delete_object(Bucket=BUCKET, Key=KEY)
        return self.told[-1]

    def deliver(self, event: dict[str, Any]) -> Handler:
        return Handler(self.world, event)

    def handle(self, event: dict[str, Any]) -> str:
        return to_the_end(self.deliver(event))

    @property
    def shown(self) -> list[str | None]:
        """The colour of each rendition, widest first."""
        return [self._colour(self.store.current(BUCKET, output)) for output in OUTPUTS]

    def _colour(self, version: Any) -> str | None:
        if version is None:
            return None
        return COLOURS[Image.open(io.BytesIO(version.body)).convert("RGB").getpixel((0, 0))]  # type: ignore[index]


def to(handler: Handler, request: str) -> Handler:
    """Let a handler run until it is about to make a request."""
    while not handler.pending.startswith(request):
        assert not handler.ended, f"ends before {request}"
        handler.step()
    return handler


def to_the_end(handler: Handler) -> str:
    while not handler.ended:
        handler.step()
    if handler.problem:
        raise handler.problem
    report = handler.reports[-1]
    return str(report.reason or report.outcome)


@pytest.mark.parametrize("sequencers", [True, False])
def test_a_late_handler_never_shows_the_older_picture(sequencers: bool) -> None:  # noqa: FBT001 # a parameter
    """A handler that fetched the older version and is overtaken writes nothing, not even for a moment."""
    story = Story(sequencers)
    late = to(story.deliver(story.upload("red")), "put")
    story.handle(story.upload("blue"))
    while not late.ended:
        late.step()
        assert story.shown == ["blue"] * 3


def test_a_replacing_write_that_lost_its_race_writes_nothing() -> None:
    """Between a handler's look at a rendition and its write another one replaced it: the write does not happen."""
    story = Story()
    story.handle(story.upload("red"))
    late = to(to(story.deliver(story.upload("blue")), "head"), "put")
    newest = story.upload("red")
    story.handle(newest)
    story.store.put_object(Bucket=BUCKET, Key=OUTPUTS[0], Body=b"by hand")
    late.step()
    standing = story.store.current(BUCKET, OUTPUTS[0])
    assert standing is not None
    assert standing.body == b"by hand"


def test_writes_whose_answer_was_lost_count_as_writes() -> None:
    """Every PUT reached S3, its answer was lost, and botocore sent it again: the upload is reported as `resized`."""
    story = Story()
    handler = story.deliver(story.upload("red"))
    while not handler.ended:
        handler.step(Fate.SENT_TWICE if handler.is_at_a_write else Fate.DONE)
    assert to_the_end(handler) == "resized"
    assert story.shown == ["red"] * 3


@pytest.mark.parametrize("fate", [Fate.DONE, Fate.SENT_TWICE])
def test_the_same_picture_uploaded_again_wins_over_the_one_between(fate: Fate) -> None:
    """Red, blue, red: whoever made blue meanwhile finds out afterwards, though what it replaced looked the same."""
    story = Story(widths=(3,))
    story.handle(story.upload("red"))
    between = to(to(story.deliver(story.upload("blue")), "head"), "put")
    assert story.handle(story.upload("red")) == "already_done"
    between.step(fate)
    to_the_end(between)
    assert story.shown[0] == "red"


def test_a_picture_uploaded_again_while_it_is_removed_stays() -> None:
    """Deleted and uploaded again with the same bytes: the removal sees it afterwards, and makes what it took away."""
    story = Story()
    story.handle(story.upload("red"))
    removal = to(story.deliver(story.delete()), "delete")
    assert story.handle(story.upload("red")) == "already_done"
    to_the_end(removal)
    assert story.shown == ["red"] * 3


def test_a_removal_that_died_half_way_is_ended_by_the_next_try() -> None:
    """The same, and the removal dies in the middle: the next try makes what the first one took away."""
    story = Story()
    story.handle(story.upload("red"))
    event = story.delete()
    removal = to(story.deliver(event), "delete")
    story.handle(story.upload("red"))
    removal.step(Fate.DIES_AFTER)
    assert isinstance(removal.problem, Died)
    assert story.handle(event) == "resized"
    assert story.shown == ["red"] * 3


@pytest.mark.parametrize("sequencers", [True, False])
def test_a_handler_that_died_after_a_write_is_put_right(sequencers: bool) -> None:  # noqa: FBT001 # a parameter
    """A slow handler writes after its source was deleted and dies before it can look: the next try cleans up."""
    story = Story(sequencers)
    event = story.upload("red")
    slow = to(story.deliver(event), "put")
    story.handle(story.delete())
    slow.step(Fate.DIES_AFTER)
    assert story.shown == ["red", None, None]
    assert story.handle(event) == "removed"
    assert story.shown == [None] * 3


def test_a_handler_sees_that_its_source_is_gone() -> None:
    """A source is deleted while it is resized: the removal finds nothing yet, and the handler deletes what it wrote."""
    story = Story()
    slow = to(story.deliver(story.upload("red")), "put")
    assert story.handle(story.delete()) == "already_done"
    assert to_the_end(slow) == "removed"
    assert story.shown == [None] * 3


def test_a_handler_sees_that_no_image_has_replaced_its_source() -> None:
    """A picture is overwritten by what is no image while it is resized: in the end nothing of it is left."""
    story = Story()
    slow = to(story.deliver(story.upload("red")), "put")
    rejected = story.put(b"no image")
    assert story.handle(rejected) == "not_an_image"
    assert to_the_end(slow) == "not_an_image"
    assert story.handle(rejected) == "not_an_image"
    assert story.shown == [None] * 3


@pytest.mark.parametrize("sequencers", [True, False])
@pytest.mark.parametrize("steps", range(7))
@pytest.mark.parametrize("key", ["x.jpg", "scan"])
def test_a_corrected_misnamed_upload_leaves_nothing_of_the_first(key: str, sequencers: bool, steps: int) -> None:  # noqa: FBT001 # a parameter
    """A PNG is uploaded as `x.jpg` and then the real JPEG, at any moment in between: the JPEG's renditions are left."""
    story = Story(sequencers)
    first = to(story.deliver(story.upload("red", key)), "put")
    later = story.deliver(story.upload("blue", key, "JPEG"))
    for _ in range(steps):
        if not later.ended:
            later.step()
    to_the_end(first)
    to_the_end(later)
    assert story.store.keys("resized/") == [f"resized/{width}-{key}" for width in (1, 2, 3)]
    for output in story.store.keys("resized/"):
        rendition = story.store.current(BUCKET, output)
        assert rendition is not None
        assert rendition.headers["ContentType"] == "image/jpeg"


@pytest.mark.parametrize("first", ["cat.png", "cat.png.webp"])
def test_the_second_of_two_sources_with_a_common_key_is_rejected(first: str) -> None:
    """`cat.png` in WebP and `cat.png.webp` would share keys: whichever is second gets none, and the first keeps all."""
    story = Story(formats=("source", "webp"))
    second = ({"cat.png", "cat.png.webp"} - {first}).pop()
    assert story.handle(story.upload("red", first)) == "resized"
    before = story.store.keys("resized/")
    assert story.handle(story.upload("blue", second)) == "key_taken"
    assert story.store.keys("resized/") == before
    assert len(before) == 6


def test_a_rejection_that_died_half_way_is_ended_by_the_next_try() -> None:
    """No image replaces an image, and its handler dies while it takes the old renditions away: the next one ends it."""
    story = Story()
    story.handle(story.upload("red"))
    event = story.put(b"no image")
    to(story.deliver(event), "delete").step(Fate.DIES_AFTER)
    assert story.handle(event) == "not_an_image"
    assert story.shown == [None] * 3
