"""After any order of events, faults and crashes, renditions and manifest match the source."""

import hashlib
import io
import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

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
from tests.support.memory_s3 import MemoryS3, Version
from tests.support.moto_s3 import MotoS3

pytestmark = pytest.mark.slow

BUCKET, OTHER_BUCKET, OUTPUT_BUCKET = "photos", "films", "thumbs"
KEYS = ("cat.png", "a+b c%25é 日本.png")
MISNAMED = ("x.jpg",)
MAX_DELIVERIES = 200  # until every event must have been processed
# `RESIZER_MODEL_EXAMPLES=2000` tries more. An example has at most 24 steps, because later events hide earlier faults.
EXAMPLES = int(os.environ.get("RESIZER_MODEL_EXAMPLES", "300"))
STEPS = 24
MOTO_SEEDS = int(os.environ.get("RESIZER_MODEL_MOTO_SEEDS", "6"))
SEEDS = int(os.environ.get("RESIZER_MODEL_SEEDS", "834"))  # for each kind of story; 2,500 in all


def picture(colour: str, comment: str, format_: str = "PNG") -> bytes:
    """A tiny picture. PNGs that differ only in their comment have the same renditions, byte for byte."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", comment)
    buffer = io.BytesIO()
    Image.new("RGB", (3, 3), colour).save(buffer, format_, pnginfo=text, quality=95)
    return buffer.getvalue()


GOOD = {picture(colour, comment): colour for colour in ("red", "blue") for comment in ("", "again")}
BAD = (b"no image",)
CONTENTS = (*GOOD, *BAD, *BAD)
FATES = [each for each in Fate if each is not Fate.DONE]
INDEX = st.integers(0, 5)
MAX_HANDLERS = 4
Item = TypeVar("Item")
SMALL = with_manifest(Settings(defaults=Rule.of_widths((3, 2, 1))))


def at(items: Sequence[Item], index: int) -> Item:
    return items[index % len(items)]


def is_red(body: bytes) -> bool:
    red, _, blue = Image.open(io.BytesIO(body)).convert("RGB").resize((1, 1)).tobytes()
    return red > blue


class Ordering(RuleBasedStateMachine):
    """Users upload and delete; events come late, twice and out of order; handlers run in parallel and die."""

    make_store: Callable[..., Any] = MemoryS3
    contents: tuple[bytes, ...] = CONTENTS
    settings = SMALL
    buckets: tuple[str, ...] = (BUCKET,)
    world: World

    @initialize(versioned=st.booleans(), sequencers=st.booleans(), keys=st.sampled_from([KEYS[:1], KEYS[1:], KEYS]))
    def begin(self, versioned: bool, sequencers: bool, keys: tuple[str, ...]) -> None:  # noqa: FBT001 # drawn
        self.undelivered: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.handlers: list[Handler] = []
        self.sources = [(bucket, key) for key in keys for bucket in self.buckets]
        store = self.make_store(self.notify, versioned=versioned, sequencers=sequencers)
        self.world = World(store, self.settings)
        self.store = store

    def notify(self, event: dict[str, Any]) -> None:
        entity = event["Records"][0]["s3"]
        if entity["bucket"]["name"] != OUTPUT_BUCKET and not entity["object"]["key"].startswith("resized/"):
            self.undelivered.append(event)
            self.events.append(event)

    @rule(pick=st.integers(0, 999), which=INDEX, detail=INDEX)
    def act(self, pick: int, which: int, detail: int) -> None:
        """One rule for all actions: of several rules, hypothesis leaves some out, and stories need all of them."""
        getattr(self, at(self.possible_actions(), pick))(which, detail)
        self.clear_up()

    def possible_actions(self) -> list[str]:
        """The actions that are possible now, each repeated by its likelihood."""
        actions = ["upload"] * 3 + ["delete"] * 2 + ["delete_version"] * self.store.versioned
        if self.undelivered and len(self.handlers) < MAX_HANDLERS:
            actions += ["deliver"] * 6
        if self.events and len(self.handlers) < MAX_HANDLERS:
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
        self.handlers.append(Handler(self.world, at(self.events, which)))

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
        """Deliver all events without further faults, and then check everything."""
        for _ in range(MAX_DELIVERIES):
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
        bucket_of_outputs = self.settings.output_bucket or BUCKET
        for bucket, key in self.sources:
            source = self.store.current(bucket, key)
            if source is None or source.body in BAD:
                continue
            manifest, *renditions = outputs(key, self.settings.for_bucket(bucket))
            expected.update((manifest, *renditions))
            self.check_manifest(bucket_of_outputs, manifest, source, renditions)
            existing = [self.store.current(bucket_of_outputs, output) for output in renditions]
            for output, rendition in zip(renditions, existing, strict=True):
                assert rendition is not None, f"{output} is missing"
                metadata = rendition.headers["Metadata"]
                assert metadata["source-key-hash"] == short_hash(SourceObject(bucket, key).uri)
                assert metadata["source-etag"] == hashlib.md5(source.body, usedforsecurity=False).hexdigest()
                assert is_red(rendition.body or b"") == is_red(source.body)
        written = set(self.store.keys(self.settings.output_prefix, bucket_of_outputs))
        assert written == expected, "renditions of a missing or invalid source"
        if bucket_of_outputs == OUTPUT_BUCKET:
            for bucket in self.buckets:
                assert set(self.store.keys("", bucket)) <= {key for _, key in self.sources}

    def check_manifest(self, bucket: str, manifest: str, source: Version, outputs: list[str]) -> None:
        assert "manifest-" in manifest
        stored = self.store.current(bucket, manifest)
        assert stored is not None, f"{manifest} is missing"
        content = parsed(stored.body)
        assert content["source"]["etag"] == hashlib.md5(source.body or b"", usedforsecurity=False).hexdigest()
        assert content["bucket"] == bucket
        assert sorted(each["key"] for each in content["renditions"]) == sorted(outputs)
        for each in content["renditions"]:
            rendition = self.store.current(bucket, each["key"])
            assert rendition is not None
            assert rendition.headers["Metadata"]["thumbhash"] == content["thumbhash"]
            assert len(rendition.body) == each["bytes"]


class Misnamed(Ordering):
    """The same with a PNG uploaded as `x.jpg` and the real JPEG after it, and with an extra format."""

    contents = (picture("red", ""), picture("blue", "", "JPEG"), *BAD)
    settings = with_manifest(Settings(defaults=Rule.of_widths((2, 1), formats=("source", "webp"))))


class AnotherBucket(Ordering):
    """The same with two source buckets that share an output bucket, two rules and no output prefix."""

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
def _pictures_are_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cache decoded and encoded pictures, because stories are about the order of requests."""
    pictures: dict[tuple[Any, ...], tuple[pipeline.Picture, list[Any]]] = {}
    encoded: dict[int, list[Any]] = {}

    def decode_once(stream: Any, *, source: SourceObject, settings: Settings, **options: Any) -> pipeline.Picture:
        key = (stream.read(), source.key, settings.output_bucket_for(source), settings.key_template)
        if key not in pictures:
            stream.seek(0)
            picture = decode_source(stream, source=source, settings=settings, **options)
            pictures[key] = picture, list(picture.frames)
        picture, frames = pictures[key]
        return picture._replace(frames=iter(frames))

    def encode_once(encoding: Any, plans: list[Any], frames: Any) -> Iterator[Any]:
        if id(plans) not in encoded:
            encoded[id(plans)] = list(encode_each(encoding, plans, frames))
        yield from encoded[id(plans)]

    decode_source = pipeline.decode_source
    monkeypatch.setattr(pipeline, "decode_source", decode_once)
    monkeypatch.setattr(pipeline, "encode_each", encode_once)
    monkeypatch.setattr("resizer.report.peak", lambda: 0)  # it reads a file in /proc


def run(machine: type[RuleBasedStateMachine], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            derandomize="RESIZER_MODEL_EXAMPLES" not in os.environ,  # the same examples in every run
        ),
    )


@pytest.mark.timeout(0)
def test_renditions_match_the_sources_after_any_story() -> None:
    """After any order of uploads, deletions, deliveries and crashes the renditions match the sources."""
    run(Ordering, EXAMPLES, STEPS)


@pytest.mark.timeout(0)
def test_random_stories() -> None:
    """Renditions match after random stories, which cover more than hypothesis in the same time."""
    play_all(SEEDS, MemoryS3)


@pytest.mark.timeout(0)
def test_random_stories_of_a_misnamed_upload() -> None:
    """Renditions match if a picture is replaced by one of another format under the same key."""
    play_all(SEEDS, MemoryS3, Misnamed, MISNAMED)


@pytest.mark.timeout(0)
def test_random_stories_of_an_output_bucket() -> None:
    """Renditions match if two buckets with the same keys share an output bucket."""
    play_all(SEEDS, MemoryS3, AnotherBucket)


@pytest.mark.timeout(0)
def test_random_stories_with_the_embedded_s3(s3: Any) -> None:
    """Renditions match over HTTP, too, with an S3 that is not our own."""
    play_all(MOTO_SEEDS, partial(MotoS3, s3))
    play_all(MOTO_SEEDS, partial(MotoS3, s3), AnotherBucket)


@pytest.mark.parametrize(("kind", "keys"), [(Ordering, None), (Misnamed, MISNAMED), (AnotherBucket, None)])
def test_stories_fail_without_the_head_after_writing(
    kind: type[Ordering], keys: tuple[str, ...] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If writers skip the HEAD of the source, some story fails, so the model can detect it."""
    unchanged = Reconciler._source_unchanged
    monkeypatch.setattr(Reconciler, "_source_unchanged", lambda self, etag: etag is not None or unchanged(self, etag))
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
    """Play the story of this seed, with 4 to 24 actions."""
    chance = random.Random(seed)
    story = kind()
    story.make_store = make_store
    drawn = chance.choice([KEYS[:1], KEYS[1:], KEYS[1:], KEYS])
    story.begin(versioned=chance.random() < 0.5, sequencers=chance.random() < 0.5, keys=keys or drawn)
    for _ in range(chance.randint(4, 24)):
        story.act(chance.randrange(1000), chance.randrange(6), chance.randrange(30))
    story.teardown()
