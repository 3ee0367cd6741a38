"""Every input has the outcome and the cost that the README promises."""

import io
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from PIL import Image

from resizer.encode import Encoding
from resizer.errors import Reason, StorageError
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.report import Outcome
from resizer.settings import Settings
from resizer.settings.rules import DEFAULT_WIDTHS, Rule
from tests.conftest import BUCKET
from tests.support.pictures import noise, opened, photo_like, psnr, saved
from tests.support.recording import RecordingS3, refusal
from tests.support.uploaded import outputs, upload

SETTINGS = Settings()
FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"]
WRITTEN_AS = {"TIFF": "JPEG", "BMP": "JPEG"}
AWKWARD_KEYS = [
    "two words.jpg",
    "a+b=c.jpg",
    "100%25 sure.jpg",
    "é and é.jpg",
    "日本語/写真.jpg",
    'it\'s "quoted" & <tagged>.jpg',
    "a//b.jpg",
    "x" * 900 + ".jpg",
]


def stored(s3: Any, key: str) -> tuple[Image.Image, dict[str, Any]]:
    answer = s3.get_object(Bucket=BUCKET, Key=key)
    return opened(answer["Body"].read()), answer


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_gives_three_renditions(s3: Any, format_: str) -> None:
    """Each format gives three renditions with Content-Type and the contract's metadata."""
    source = upload(s3, "picture", saved(photo_like(1200, 900), format_), CacheControl="max-age=60")
    report = process(source, SETTINGS, s3)
    written = WRITTEN_AS.get(format_, format_)
    rule = SETTINGS.defaults
    recipes = {SETTINGS.recipe_of(rule, spec) for spec in rule.renditions}
    assert report.outcome is Outcome.RESIZED
    assert [each.plan.size for each in report.renditions] == [(480, 360), (640, 480), (1000, 750)]
    for each in report.renditions:
        picture, answer = stored(s3, each.plan.key)
        assert (picture.format, picture.size) == (written, each.plan.size)
        assert answer["ContentType"] == f"image/{written.lower()}"
        assert answer["CacheControl"] == "max-age=60"
        assert answer["Metadata"]["source-etag"] == source.etag
        assert answer["Metadata"]["recipe"] in recipes
        assert (answer["Metadata"]["width"], answer["Metadata"]["height"]) == tuple(map(str, each.plan.size))
        assert "source-sequencer" not in answer["Metadata"]


def test_the_events_sequencer_is_stored(s3: Any) -> None:
    """A rendition's metadata has the sequencer of its event."""
    source = upload(s3, "cat.jpg", saved(photo_like(600, 400)))
    process(SourceObject(BUCKET, "cat.jpg", etag=source.etag, sequencer="0055AED6DCD90281E5"), SETTINGS, s3)
    assert stored(s3, "resized/480-cat.jpg")[1]["Metadata"]["source-sequencer"] == "0055AED6DCD90281E5"


@pytest.mark.parametrize("key", AWKWARD_KEYS)
def test_awkward_keys_are_kept(s3: Any, key: str) -> None:
    """Whatever characters a key has, its renditions' keys end with it unchanged."""
    assert process(upload(s3, key, saved(photo_like(64, 48))), SETTINGS, s3).outcome is Outcome.RESIZED
    assert outputs(s3) == sorted(f"resized/{width}-{key}" for width in DEFAULT_WIDTHS)


def test_a_small_picture_has_a_rendition_under_every_key(s3: Any) -> None:
    """A source narrower than every width is written in its own size under every key."""
    process(upload(s3, "icon.png", saved(photo_like(300, 200), "PNG")), SETTINGS, s3)
    assert {stored(s3, key)[0].size for key in outputs(s3)} == {(300, 200)}
    assert len(outputs(s3)) == 3


def test_a_key_that_is_too_long_is_rejected_without_a_request(s3: Any) -> None:
    """A key whose output key would exceed S3's limit is rejected without any request."""
    recording = RecordingS3(s3)
    report = process(SourceObject(BUCKET, "x" * 1010 + ".jpg"), SETTINGS, recording)
    assert (report.outcome, report.reason) == (Outcome.REJECTED, Reason.KEY_TOO_LONG)
    assert recording.calls == []


@pytest.mark.parametrize("body", [b"plain text", b"", b"<!doctype html><title>Not found</title>"])
def test_a_file_that_is_not_an_image_is_rejected(s3: Any, body: bytes) -> None:
    """A text, an empty object or a web page named .jpg is rejected, and nothing is written."""
    report = process(upload(s3, "picture.jpg", body), SETTINGS, s3)
    assert (report.outcome, report.reason) == (Outcome.REJECTED, Reason.NOT_AN_IMAGE)
    assert outputs(s3) == []


@pytest.mark.parametrize("part", [0.02, 0.3, 0.7, 0.99])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_truncated_jpeg_is_rejected(s3: Any, part: float, *, progressive: bool) -> None:
    """A JPEG cut off anywhere is rejected as `truncated`, and nothing is written."""
    whole = saved(photo_like(1600, 1200), progressive=progressive)
    report = process(upload(s3, "cut.jpg", whole[: int(len(whole) * part)]), SETTINGS, s3)
    assert (report.outcome, report.reason) == (Outcome.REJECTED, Reason.TRUNCATED)
    assert outputs(s3) == []


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (Settings(max_pixels=800 * 600 - 1), Reason.TOO_MANY_PIXELS),
        (Settings(max_bytes=1000), Reason.TOO_MANY_BYTES),
    ],
)
def test_limits_are_checked_before_decoding(
    s3: Any, settings: Settings, reason: Reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image over a limit is rejected with the limit's reason, and is not decoded."""
    monkeypatch.setattr("resizer.pipeline.decode", lambda *_: pytest.fail("decoded"))
    report = process(upload(s3, "big.jpg", saved(photo_like(800, 600))), settings, s3)
    assert (report.outcome, report.reason) == (Outcome.REJECTED, reason)
    assert outputs(s3) == []


def test_a_deleted_source_is_skipped(s3: Any) -> None:
    """An object that was deleted after its event is skipped as `source_gone`."""
    report = process(SourceObject(BUCKET, "gone.jpg", etag="0" * 32), SETTINGS, s3)
    assert (report.outcome, report.reason) == (Outcome.SKIPPED, Reason.SOURCE_GONE)


def test_the_event_of_an_overwritten_source_is_skipped(s3: Any) -> None:
    """An event for an object that was overwritten since is skipped as `superseded`."""
    old = upload(s3, "cat.jpg", saved(photo_like(100, 80)))
    upload(s3, "cat.jpg", saved(photo_like(100, 80, seed=2)))
    report = process(old, SETTINGS, s3)
    assert (report.outcome, report.reason) == (Outcome.SKIPPED, Reason.SUPERSEDED)


def test_an_upload_under_the_output_prefix_costs_no_request(s3: Any) -> None:
    """A rendition's own event is skipped as `output_prefix`, without a request to S3."""
    recording = RecordingS3(s3)
    report = process(SourceObject(BUCKET, "resized/480-cat.jpg"), SETTINGS, recording)
    assert (report.outcome, report.reason) == (Outcome.SKIPPED, Reason.OUTPUT_PREFIX)
    assert recording.calls == []


def test_the_same_upload_again_is_already_done(s3: Any) -> None:
    """A repeated event is skipped as `already_done`, and the renditions stay unchanged."""
    source = upload(s3, "cat.jpg", saved(photo_like(700, 500)))
    process(source, SETTINGS, s3)
    before = s3.list_objects_v2(Bucket=BUCKET, Prefix=SETTINGS.output_prefix)["Contents"]
    report = process(source, SETTINGS, s3)
    assert (report.outcome, report.reason) == (Outcome.SKIPPED, Reason.ALREADY_DONE)
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix=SETTINGS.output_prefix)["Contents"] == before


def test_an_overwrite_replaces_the_renditions(s3: Any) -> None:
    """After an overwrite the renditions show the new picture."""
    process(upload(s3, "cat.png", saved(Image.new("RGB", (800, 600), "red"), "PNG")), SETTINGS, s3)
    process(upload(s3, "cat.png", saved(Image.new("RGB", (800, 400), "blue"), "PNG")), SETTINGS, s3)
    for key in outputs(s3):
        picture, _ = stored(s3, key)
        assert picture.width == picture.height * 2
        assert picture.convert("RGB").getpixel((5, 5)) == (0, 0, 255)


@pytest.mark.parametrize(
    ("operation", "fault"),
    [
        ("put_object", refusal("AccessDenied", "PutObject")),
        ("put_object", refusal("SlowDown", "PutObject")),
        ("get_object", refusal("ServiceUnavailable", "GetObject")),
        ("get_object", ConnectionClosedError(endpoint_url="loopback")),
        ("put_object", ReadTimeoutError(endpoint_url="loopback")),
    ],
)
def test_an_error_of_s3_names_the_object(s3: Any, operation: str, fault: Exception) -> None:
    """An error of S3 or a lost connection is raised as retryable, with bucket and key."""

    def fail(_: dict[str, Any]) -> None:
        raise fault

    source = upload(s3, "cat.jpg", saved(photo_like(100, 80)))
    with pytest.raises(StorageError, match=rf"s3://{BUCKET}/.*cat\.jpg") as raised:
        process(source, SETTINGS, RecordingS3(s3, {operation: fail}))
    assert raised.value.retryable


@pytest.mark.parametrize("format_", FORMATS)
def test_a_broken_download_writes_nothing(s3: Any, format_: str) -> None:
    """If the connection breaks half way, a retryable error is raised, whatever the decoder made of it."""

    class Breaking(io.BytesIO):
        def read1(self, amount: int | None = -1) -> bytes:
            data = super().read1(-1 if amount is None else amount)
            if self.tell() > len(self.getvalue()) // 2:
                raise ConnectionResetError("reset by peer")
            return data

    body = saved(noise(500, 400), format_)

    class BreakingS3(RecordingS3):
        def get_object(self, **request: Any) -> dict[str, Any]:
            return {**super().get_object(**request), "Body": Breaking(body)}

    with pytest.raises(StorageError, match="broke off"):
        process(upload(s3, "cat.jpg", body), SETTINGS, BreakingS3(s3))
    assert outputs(s3) == []


def test_two_sources_never_share_an_output(s3: Any) -> None:
    """A source whose output key is another's is rejected as `key_taken`, and the other's renditions stay."""
    settings = replace(SETTINGS, defaults=Rule.of_widths(formats=("source", "jpeg")))
    process(upload(s3, "scan.tiff", saved(Image.new("RGB", (90, 60), "red"), "TIFF")), settings, s3)
    report = process(upload(s3, "scan.tiff.jpg", saved(Image.new("RGB", (90, 60), "blue"))), settings, s3)
    assert (report.outcome, report.reason) == (Outcome.REJECTED, Reason.KEY_TAKEN)
    assert psnr(stored(s3, "resized/480-scan.tiff.jpg")[0], Image.new("RGB", (90, 60), "red")) > 40
    assert not [key for key in outputs(s3) if key.endswith(".jpg.jpg")]


def test_a_wrong_extension_is_corrected_by_a_file_name(s3: Any) -> None:
    """Renditions of `scan.tiff` are JPEGs with the file name `scan.jpg`; those of `cat.jpg` need none."""
    report = process(upload(s3, "old/scan.tiff", saved(photo_like(90, 60), "TIFF")), SETTINGS, s3)
    assert {each.plan.key for each in report.renditions} == {
        f"resized/{width}-old/scan.tiff" for width in (480, 640, 1000)
    }
    picture, answer = stored(s3, "resized/480-old/scan.tiff")
    assert (picture.format, answer["ContentType"]) == ("JPEG", "image/jpeg")
    assert answer["ContentDisposition"] == 'inline; filename="scan.jpg"'
    process(upload(s3, "cat.jpg", saved(photo_like(90, 60))), SETTINGS, s3)
    assert "ContentDisposition" not in stored(s3, "resized/480-cat.jpg")[1]


def test_encoded_bytes_are_released_after_their_upload(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many renditions, at most two encoded files are in memory while the next one is encoded."""
    alive: set[int] = set()
    counts: list[int] = []

    class Counted(bytes):
        def __init__(self, _: bytes) -> None:
            alive.add(id(self))

        def __del__(self) -> None:
            alive.discard(id(self))

    class Counting(Encoding):
        def encode(self, *arguments: Any) -> bytes:
            counts.append(len(alive))
            return Counted(super().encode(*arguments))

    monkeypatch.setattr("resizer.pipeline.Encoding", Counting)
    settings = Settings(defaults=Rule.of_widths((80, 70, 60, 50, 40, 30, 20), formats=("source", "webp")))
    report = process(upload(s3, "cat.png", saved(photo_like(64, 48), "PNG")), settings, s3)
    assert (len(report.renditions), len(counts)) == (14, 12)  # the two largest widths are equal
    assert max(counts[4:]) <= 2
    assert not alive


def test_extra_formats_have_their_own_keys(s3: Any) -> None:
    """Extra formats are written in addition to the source's own, with their extensions."""
    settings = Settings(defaults=Rule.of_widths((64,), formats=("source", "webp", "avif")))
    process(upload(s3, "cat.jpg", saved(photo_like(100, 80))), settings, s3)
    kinds = {key: stored(s3, key)[0].format for key in outputs(s3)}
    assert kinds == {
        "resized/64-cat.jpg": "JPEG",
        "resized/64-cat.jpg.webp": "WEBP",
        "resized/64-cat.jpg.avif": "AVIF",
    }
