"""Whatever happens in whatever order, the renditions and their manifest match the source in the end."""

from __future__ import annotations

import hashlib
import io
import os
import random
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from PIL import Image, PngImagePlugin

from resizer import pipeline
from resizer.encode import encode_each
from resizer.errors import ResizerError
from resizer.model import SourceObject
from resizer.planning.outputs import outputs
from resizer.settings import Settings
from resizer.settings.rules import Rule
from resizer.store import uploads
from resizer.store.provenance import short_hash
from resizer.store.reconcile import Reconciler
from tests.support.interleaving import Died, Fate, Handler, InlineExecutor, World
from tests.support.manifests import parsed, with_manifest
from tests.support.memory_s3 import MemoryS3
from tests.support.moto_s3 import MotoS3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.support.memory_s3 import Version

pytestmark = pytest.mark.slow

BUCKET, OTHER_BUCKET, OUTPUT_BUCKET = "photos", "films", "thumbs"
KEYS = ("cat.png", "a+b c%25é 日本.png")
MISNAMED = ("x.jpg",)
TRIES = 200  # deliveries of one event until something must be wrong
# `RESIZER_MODEL_EXAMPLES=2000` looks longer; each example is up to 24 steps, for later ones heal earlier faults.
EXAMPLES = int(os.environ.get("RESIZER_MODEL_EXAMPLES", "300"))
STEPS = 24
MOTO_SEEDS = int(os.environ.get("RESIZER_MODEL_MOTO_SEEDS", "12"))
SEEDS = int(os.environ.get("RESIZER_MODEL_SEEDS", "834"))  # of each kind of story: 2,500 together


def picture(colour: str, comment: str, format_: str = "PNG") -> bytes:
    """A tiny picture. Two PNGs that differ in their comment alone have the same renditions, byte for byte."""
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", comment)
    buffer = io.BytesIO()
    Image.new("RGB", (3, 3), colour).save(buffer, format_, pnginfo=told, quality=95)
    return buffer.getvalue()


GOOD = {picture(colour, comment): colour for colour in ("red", "blue") for comment in ("", "again")}
BAD = (b"no image",)
CONTENTS = (*GOOD, *BAD, *BAD)
FATES = [each for each in Fate if each is not Fate.DONE]
PLACE = st.integers(0, 5)
MOST_HANDLERS = 4
Item = TypeVar("Item")
SMALL = with_manifest(Settings(defaults=Rule.of_widths((3, 2, 1))))


def at(items: Sequence[Item], place: int) -> Item:
    return items[place % len(items)]


def is_red(body: bytes) -> bool:
    red, _, blue = Image.open(io.BytesIO(body)).convert("RGB").resize((1, 1)).tobytes()
    return red > blue


class Ordering(RuleBasedStateMachine):
    """Users upload and delete; events come late, twice and out of order; handlers run at once and die."""

    make_store: Callable[..., Any] = MemoryS3
    contents: tuple[bytes, ...] = CONTENTS
    settings = SMALL
    buckets: tuple[str, ...] = (BUCKET,)
    world: World

    @initialize(versioned=st.booleans(), sequencers=st.booleans(), keys=st.sampled_from([KEYS[:1], KEYS[1:], KEYS]))
    def begin(self, versioned: bool, sequencers: bool, keys: tuple[str, ...]) -> None:  # noqa: FBT001 # drawn
        self.undelivered: list[dict[str, Any]] = []
        self.told: list[dict[str, Any]] = []
        self.handlers: list[Handler] = []
        self.sources = [(bucket, key) for key in keys for bucket in self.buckets]
        store = self.make_store(self.notify, versioned=versioned, sequencers=sequencers)
        self.world = World(store, self.settings)
        self.store = store

    def notify(self, event: dict[str, Any]) -> None:
        named = event["Records"][0]["s3"]
        if named["bucket"]["name"] != OUTPUT_BUCKET and not named["object"]["key"].startswith("resized/"):
            self.undelivered.append(event)
            self.told.append(event)

    @rule(pick=st.integers(0, 999), which=PLACE, detail=PLACE)
    def act(self, pick: int, which: int, detail: int) -> None:
        """One rule for all: of several, hypothesis leaves some out of each example, and stories need them together."""
        getattr(self, at(self.possible_actions(), pick))(which, detail)
        self.clear_up()

    def possible_actions(self) -> list[str]:
        """What can happen now, each as often as it is likely."""
        actions = ["upload"] * 3 + ["delete"] * 2 + ["delete_version"] * self.store.versioned
        if self.undelivered and len(self.handlers) < MOST_HANDLERS:
            actions += ["deliver"] * 6
        if self.told and len(self.handlers) < MOST_HANDLERS:
            actions.append("deliver_again")
        if self.handlers:
            actions += ["step"] * 2 + ["step_to_a_write"] * 6 + ["step_to_the_end"] * 5 + ["fault"] * 2
        return actions

    def upload(self, which: int, detail: int) -> None:
        bucket, key = at(self.sources, which)
        self.store.put_object(Bucket=bucket, Key=key, Body=at(self.contents, detail))

    def delete(self, which: int, _: int) -> None:
        bucket, key = at(self.sources, which)
        self.store.delete_object(Bucket=bucket, Key=key)

    def delete_version(self, which: int, detail: int) -> None:
        bucket, key = at(self.sources, which)
        ids = self.store.version_ids(bucket, key)
        if ids and self.store.versioned:
            self.store.delete_object(Bucket=bucket, Key=key, VersionId=at(ids, detail))

    def deliver(self, which: int, _: int) -> None:
        event = at(self.undelivered, which)
        self.undelivered.remove(event)
        self.handlers.append(Handler(self.world, event))

    def deliver_again(self, which: int, _: int) -> None:
        self.handlers.append(Handler(self.world, at(self.told, which)))

    def step(self, which: int, _: int) -> None:
        at(self.handlers, which).step()

    def step_to_a_write(self, which: int, _: int) -> None:
        handler = at(self.handlers, which)
        handler.step()
        while not handler.ended and not handler.is_at_a_write:
            handler.step()

    def step_to_the_end(self, which: int, _: int) -> None:
        handler = at(self.handlers, which)
        while not handler.ended:
            handler.step()

    def fault(self, which: int, detail: int) -> None:
        at(self.handlers, which).step(at(FATES, detail))

    def drain(self) -> None:
        """Deliver everything and let everything end, without another fault; then all must be right."""
        for _ in range(TRIES):
            while self.handlers:
                for handler in self.handlers:
                    if not handler.ended:
                        handler.step()
                self.clear_up()
            if not self.undelivered:
                return self.check()
            self.handlers.append(Handler(self.world, self.undelivered.pop(0)))
        pytest.fail("The queue does not drain.")

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.drain()

    def clear_up(self) -> None:
        for handler in [each for each in self.handlers if each.ended]:
            self.handlers.remove(handler)
            if handler.problem is not None and not isinstance(handler.problem, (ResizerError, Died)):
                raise handler.problem
            if handler.must_come_back:
                self.undelivered.append(handler.event)

    def check(self) -> None:
        expected: set[str] = set()
        there = self.settings.output_bucket or BUCKET
        for bucket, key in self.sources:
            source = self.store.current(bucket, key)
            if source is None or source.body in BAD:
                continue
            manifest, *renditions = outputs(key, self.settings.for_bucket(bucket))
            expected.update((manifest, *renditions))
            self.check_manifest(there, manifest, source, renditions)
            standing = [self.store.current(there, output) for output in renditions]
            for output, rendition in zip(renditions, standing, strict=True):
                assert rendition is not None, f"{output} is missing"
                told = rendition.told["Metadata"]
                assert told["source-key-hash"] == short_hash(SourceObject(bucket, key).uri)
                assert told["source-etag"] == hashlib.md5(source.body, usedforsecurity=False).hexdigest()
                assert is_red(rendition.body or b"") == is_red(source.body)
        standing_there = set(self.store.keys(self.settings.output_prefix, there))
        assert standing_there == expected, "renditions of what is no image, or not there"
        if there == OUTPUT_BUCKET:
            for bucket in self.buckets:
                assert set(self.store.keys("", bucket)) <= {key for _, key in self.sources}

    def check_manifest(self, there: str, manifest: str, source: Version, outputs: list[str]) -> None:
        assert "manifest-" in manifest
        standing = self.store.current(there, manifest)
        assert standing is not None, f"{manifest} is missing"
        told = parsed(standing.body)
        assert told["source"]["etag"] == hashlib.md5(source.body or b"", usedforsecurity=False).hexdigest()
        assert told["bucket"] == there
        assert sorted(each["key"] for each in told["renditions"]) == sorted(outputs)
        for each in told["renditions"]:
            rendition = self.store.current(there, each["key"])
            assert rendition is not None
            assert rendition.told["Metadata"]["thumbhash"] == told["thumbhash"]
            assert len(rendition.body) == each["bytes"]


class Misnamed(Ordering):
    """The same where a PNG is uploaded as `x.jpg`, and the real JPEG after it; with an extra format beside."""

    contents = (picture("red", ""), picture("blue", "", "JPEG"), *BAD)
    settings = with_manifest(Settings(defaults=Rule.of_widths((2, 1), formats=("source", "webp"))))


class AnotherBucket(Ordering):
    """The same for two buckets with the same keys, whose renditions go to a third by two rules, without a prefix."""

    buckets = (BUCKET, OTHER_BUCKET)
    settings = Settings(
        rules=(
            replace(Rule.of_widths((3, 2)), match=("cat.*",), manifest=True, placeholder=True),
            replace(Rule.of_widths((1,), formats=("source", "webp")), match=("a*",), manifest=True, placeholder=True),
        ),
        buckets=frozenset(buckets),
        output_bucket=OUTPUT_BUCKET,
        output_prefix="",
        key_template="{prefix}{bucket}/{name}-{key}",
    )


@pytest.fixture(autouse=True)
def _one_thing_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "executor", InlineExecutor())


@pytest.fixture(autouse=True)
def _each_picture_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stories are about the order of requests: what a source's pixels become is remembered for the next handler."""
    pictures: dict[tuple[Any, ...], tuple[pipeline.Picture, list[Any]]] = {}
    encoded: dict[int, list[Any]] = {}

    def decode_once(stream: Any, *, source: SourceObject, settings: Settings, **how: Any) -> pipeline.Picture:
        made = (stream.read(), source.key, settings.output_bucket_for(source), settings.key_template)
        if made not in pictures:
            stream.seek(0)
            picture = decode_source(stream, source=source, settings=settings, **how)
            pictures[made] = picture, list(picture.frames)
        picture, frames = pictures[made]
        return picture._replace(frames=iter(frames))

    def encode_once(encoding: Any, plans: list[Any], frames: Any) -> Iterator[Any]:
        if id(plans) not in encoded:
            encoded[id(plans)] = list(encode_each(encoding, plans, frames))
        yield from encoded[id(plans)]

    decode_source = pipeline.decode_source
    monkeypatch.setattr(pipeline, "decode_source", decode_once)
    monkeypatch.setattr(pipeline, "encode_each", encode_once)
    monkeypatch.setattr("resizer.report.peak", lambda: 0)  # reads a file of the kernel


def run(machine: type[RuleBasedStateMachine], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            derandomize="RESIZER_MODEL_EXAMPLES" not in os.environ,  # else the same in every run
        ),
    )


@pytest.mark.timeout(0)
def test_the_renditions_match_the_sources_in_the_end() -> None:
    """After any order of uploads, deletions, deliveries and crashes the renditions match the sources."""
    run(Ordering, EXAMPLES, STEPS)


@pytest.mark.timeout(0)
def test_no_story_ends_with_renditions_that_do_not_match() -> None:
    """The same with plain random numbers, which go through more stories than hypothesis in the same time."""
    play_all(SEEDS, MemoryS3)


@pytest.mark.timeout(0)
def test_no_story_of_a_misnamed_upload_does_so() -> None:
    """The same where a picture in one format is replaced by one in another under the same key."""
    play_all(SEEDS, MemoryS3, Misnamed, MISNAMED)


@pytest.mark.timeout(0)
def test_no_story_of_another_bucket_does_so() -> None:
    """The same where two buckets with the same keys share an output bucket."""
    play_all(SEEDS, MemoryS3, AnotherBucket)


@pytest.mark.timeout(0)
def test_no_story_does_so_against_the_embedded_s3(s3: Any) -> None:
    """The same over HTTP, against an S3 that other people wrote."""
    play_all(MOTO_SEEDS, partial(MotoS3, s3))
    play_all(MOTO_SEEDS, partial(MotoS3, s3), AnotherBucket)


@pytest.mark.parametrize(("kind", "keys"), [(Ordering, None), (Misnamed, MISNAMED), (AnotherBucket, None)])
def test_the_stories_notice_a_writer_that_never_looks_at_its_source(
    kind: type[Ordering], keys: tuple[str, ...] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the HEAD after the writes a story ends wrong: the model can tell."""
    look = Reconciler._source_unchanged
    monkeypatch.setattr(Reconciler, "_source_unchanged", lambda self, etag: etag is not None or look(self, etag))
    with pytest.raises(AssertionError):
        play_all(SEEDS, MemoryS3, kind, keys)


def play_all(
    seeds: int, make_store: Callable[..., Any], kind: type[Ordering] = Ordering, keys: tuple[str, ...] | None = None
) -> None:
    for seed in range(seeds):
        try:
            play(seed, make_store, kind, keys)
        except BaseException as problem:
            problem.add_note(f"in the story of seed {seed}")
            raise


def play(
    seed: int,
    make_store: Callable[..., Any] = MemoryS3,
    kind: type[Ordering] = Ordering,
    keys: tuple[str, ...] | None = None,
) -> None:
    """A story of 4 to 24 actions, to be told again by its seed."""
    chance = random.Random(seed)
    story = kind()
    story.make_store = make_store
    drawn = chance.choice([KEYS[:1], KEYS[1:], KEYS[1:], KEYS])
    story.begin(versioned=chance.random() < 0.5, sequencers=chance.random() < 0.5, keys=keys or drawn)
    for _ in range(chance.randint(4, 24)):
        story.act(chance.randrange(1000), chance.randrange(6), chance.randrange(30))
    story.teardown()
