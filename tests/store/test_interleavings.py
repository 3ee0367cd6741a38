"""Interleavings that the ordering must get right, each stepped through request by request."""

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
    """A bucket with one source, and handlers that a test steps through."""

    sequencers: bool = True
    widths: tuple[int, ...] = (3, 2, 1)
    formats: tuple[str, ...] = ("source",)
    events: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        store = MemoryS3(self.events.append, sequencers=self.sequencers)
        self.world = World(store, Settings(defaults=Rule.of_widths(self.widths, formats=self.formats)))
        self.store = store

    def upload(self, colour: str, key: str = KEY, format_: str = "PNG") -> dict[str, Any]:
        buffer = io.BytesIO()
        Image.new("RGB", (3, 3), colour).save(buffer, format_)
        return self.put(buffer.getvalue(), key)

    def put(self, body: bytes, key: str = KEY) -> dict[str, Any]:
        self.store.put_object(Bucket=BUCKET, Key=key, Body=body)
        return self.events[-1]

    def delete(self) -> dict[str, Any]:
        self.store.delete_object(Bucket=BUCKET, Key=KEY)
        return self.events[-1]

    def deliver(self, event: dict[str, Any]) -> Handler:
        return Handler(self.world, event)

    def handle(self, event: dict[str, Any]) -> str:
        return run(self.deliver(event))

    @property
    def shown(self) -> list[str | None]:
        """The colour of each rendition, widest first."""
        return [self._colour(self.store.current(BUCKET, output)) for output in OUTPUTS]

    def _colour(self, version: Any) -> str | None:
        if version is None:
            return None
        return COLOURS[Image.open(io.BytesIO(version.body)).convert("RGB").getpixel((0, 0))]  # type: ignore[index]


def run_until(handler: Handler, request: str) -> Handler:
    """Run a handler until it is about to make this request."""
    while not handler.pending.startswith(request):
        assert not handler.ended, f"ends before {request}"
        handler.step()
    return handler


def run(handler: Handler) -> str:
    while not handler.ended:
        handler.step()
    if handler.problem:
        raise handler.problem
    report = handler.reports[-1]
    return str(report.reason or report.outcome)


@pytest.mark.parametrize("sequencers", [True, False])
def test_a_late_handler_never_shows_the_older_picture(sequencers: bool) -> None:  # noqa: FBT001 # a parameter
    """A handler that fetched the older version writes nothing once the newer one is written."""
    story = Story(sequencers)
    late = run_until(story.deliver(story.upload("red")), "put")
    story.handle(story.upload("blue"))
    while not late.ended:
        late.step()
        assert story.shown == ["blue"] * 3


def test_a_lost_race_for_a_replacement_writes_nothing() -> None:
    """If a rendition changes between a handler's HEAD and its PUT, the PUT fails."""
    story = Story()
    story.handle(story.upload("red"))
    late = run_until(run_until(story.deliver(story.upload("blue")), "head"), "put")
    newest = story.upload("red")
    story.handle(newest)
    story.store.put_object(Bucket=BUCKET, Key=OUTPUTS[0], Body=b"by hand")
    late.step()
    existing = story.store.current(BUCKET, OUTPUTS[0])
    assert existing is not None
    assert existing.body == b"by hand"


def test_a_put_with_a_lost_response_counts_as_written() -> None:
    """If every PUT's response was lost and botocore retried it, the upload is `resized`."""
    story = Story()
    handler = story.deliver(story.upload("red"))
    while not handler.ended:
        handler.step(Fate.SENT_TWICE if handler.is_at_a_write else Fate.DONE)
    assert run(handler) == "resized"
    assert story.shown == ["red"] * 3


@pytest.mark.parametrize("fate", [Fate.DONE, Fate.SENT_TWICE])
def test_the_last_of_three_uploads_wins_even_if_it_equals_the_first(fate: Fate) -> None:
    """Red, blue, red: a slow handler of blue sees after writing that its source changed, and corrects it."""
    story = Story(widths=(3,))
    story.handle(story.upload("red"))
    slow = run_until(run_until(story.deliver(story.upload("blue")), "head"), "put")
    assert story.handle(story.upload("red")) == "already_done"
    slow.step(fate)
    run(slow)
    assert story.shown[0] == "red"


def test_a_picture_uploaded_again_during_its_deletion_stays() -> None:
    """If the same bytes are uploaded during the deletion, the deleting handler writes the renditions again."""
    story = Story()
    story.handle(story.upload("red"))
    removal = run_until(story.deliver(story.delete()), "delete")
    assert story.handle(story.upload("red")) == "already_done"
    run(removal)
    assert story.shown == ["red"] * 3


def test_a_retry_completes_a_deletion_that_died_half_way() -> None:
    """If the deleting handler dies half way, its retry writes the renditions again."""
    story = Story()
    story.handle(story.upload("red"))
    event = story.delete()
    removal = run_until(story.deliver(event), "delete")
    story.handle(story.upload("red"))
    removal.step(Fate.DIES_AFTER)
    assert isinstance(removal.problem, Died)
    assert story.handle(event) == "resized"
    assert story.shown == ["red"] * 3


@pytest.mark.parametrize("sequencers", [True, False])
def test_a_retry_cleans_up_after_a_handler_that_died(sequencers: bool) -> None:  # noqa: FBT001 # a parameter
    """If a handler writes after its source was deleted, and dies, its retry deletes the rendition."""
    story = Story(sequencers)
    event = story.upload("red")
    slow = run_until(story.deliver(event), "put")
    story.handle(story.delete())
    slow.step(Fate.DIES_AFTER)
    assert story.shown == ["red", None, None]
    assert story.handle(event) == "removed"
    assert story.shown == [None] * 3


def test_a_handler_notices_that_its_source_was_deleted() -> None:
    """If a source is deleted while it is resized, the resizing handler deletes what it wrote."""
    story = Story()
    slow = run_until(story.deliver(story.upload("red")), "put")
    assert story.handle(story.delete()) == "already_done"
    assert run(slow) == "removed"
    assert story.shown == [None] * 3


def test_a_handler_notices_that_its_source_is_no_longer_an_image() -> None:
    """If a picture is overwritten with something else while it is resized, none of its renditions stay."""
    story = Story()
    slow = run_until(story.deliver(story.upload("red")), "put")
    rejected = story.put(b"no image")
    assert story.handle(rejected) == "not_an_image"
    assert run(slow) == "not_an_image"
    assert story.handle(rejected) == "not_an_image"
    assert story.shown == [None] * 3


@pytest.mark.parametrize("sequencers", [True, False])
@pytest.mark.parametrize("steps", range(7))
@pytest.mark.parametrize("key", ["x.jpg", "scan"])
def test_a_corrected_upload_replaces_all_renditions_of_the_first(key: str, sequencers: bool, steps: int) -> None:  # noqa: FBT001 # a parameter
    """If a PNG was uploaded as `x.jpg` and then the real JPEG, only the JPEG's renditions are left."""
    story = Story(sequencers)
    first = run_until(story.deliver(story.upload("red", key)), "put")
    later = story.deliver(story.upload("blue", key, "JPEG"))
    for _ in range(steps):
        if not later.ended:
            later.step()
    run(first)
    run(later)
    assert story.store.keys("resized/") == [f"resized/{width}-{key}" for width in (1, 2, 3)]
    for output in story.store.keys("resized/"):
        rendition = story.store.current(BUCKET, output)
        assert rendition is not None
        assert rendition.headers["ContentType"] == "image/jpeg"


@pytest.mark.parametrize("first", ["cat.png", "cat.png.webp"])
def test_the_second_of_two_sources_with_a_shared_key_is_rejected(first: str) -> None:
    """`cat.png` in WebP and `cat.png.webp` share keys: the second is rejected, and the first keeps its renditions."""
    story = Story(formats=("source", "webp"))
    second = ({"cat.png", "cat.png.webp"} - {first}).pop()
    assert story.handle(story.upload("red", first)) == "resized"
    before = story.store.keys("resized/")
    assert story.handle(story.upload("blue", second)) == "key_taken"
    assert story.store.keys("resized/") == before
    assert len(before) == 6


def test_a_retry_completes_a_rejection_that_died_half_way() -> None:
    """If the handler of a rejected overwrite dies while it deletes old renditions, its retry deletes the rest."""
    story = Story()
    story.handle(story.upload("red"))
    event = story.put(b"no image")
    run_until(story.deliver(event), "delete").step(Fate.DIES_AFTER)
    assert story.handle(event) == "not_an_image"
    assert story.shown == [None] * 3
