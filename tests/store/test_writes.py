"""The ordinary write is one PUT; beyond it no older picture replaces a newer one, and nobody's picture another's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from resizer.errors import NewerRenditionExists, Reason, SourceChanged
from tests.conftest import BUCKET, rejects
from tests.support.recording import RecordingS3, refusal

if TYPE_CHECKING:
    from resizer.s3 import S3
from tests.store.writing import (
    EARLIER,
    ETAG,
    KEY,
    LATER,
    LOOKED_AT,
    PUT_ONCE,
    REPLACED,
    SEQUENCER,
    destination,
    provenance,
    rendition,
    stored,
    write,
)


def test_the_first_write_is_one_put(s3: S3) -> None:
    """A new rendition costs exactly one request, which writes only where nothing stands."""
    requests: list[dict[str, Any]] = []
    recording = RecordingS3(s3, {"put_object": requests.append})
    assert write(recording, destination({"CacheControl": "max-age=60"}), rendition()) is True
    assert recording.calls == PUT_ONCE
    assert requests == [
        {
            "Bucket": BUCKET,
            "Key": KEY,
            "Body": b"pixels",
            "ContentType": "image/jpeg",
            "CacheControl": "max-age=60",
            "Metadata": {
                "source-key-hash": provenance().source_key,
                "source-etag": ETAG,
                "source-sequencer": SEQUENCER,
                "recipe": "r1",
                "width": "480",
                "height": "360",
            },
            "IfNoneMatch": "*",
            "ChecksumCRC32": "zhE8yw==",
        }
    ]


def test_what_was_written_can_be_read_back(s3: S3) -> None:
    """S3 keeps the bytes, the type, the caching and the contract's metadata of a rendition."""
    write(s3, destination({"CacheControl": "max-age=60"}), rendition())
    answer = s3.get_object(Bucket=BUCKET, Key=KEY)
    assert answer["Body"].read() == b"pixels"
    assert (answer["ContentType"], answer["CacheControl"]) == ("image/jpeg", "max-age=60")
    assert answer["Metadata"] == {**provenance().as_metadata(), "width": "480", "height": "360"}


def test_what_is_not_known_is_not_sent(s3: S3) -> None:
    """Without headers and sequencer none are stored."""
    write(s3, destination(sequencer=None), rendition())
    answer = s3.head_object(Bucket=BUCKET, Key=KEY)
    assert "CacheControl" not in answer
    assert "source-sequencer" not in answer["Metadata"]


def test_a_file_name_gets_the_extension_of_what_was_written(s3: S3) -> None:
    """A file name that the source suggests gets the extension of the rendition's format."""
    headers = {"ContentDisposition": 'attachment; filename="scan.tiff"', "ContentLanguage": "de"}
    write(s3, destination(headers), rendition())
    answer = s3.head_object(Bucket=BUCKET, Key=KEY)
    assert answer["ContentDisposition"] == 'attachment; filename="scan.jpg"'
    assert answer["ContentLanguage"] == "de"


@pytest.mark.parametrize("key", ["é", "x" * 1024, "a\nb", "日本" * 170])
def test_provenance_fits_into_metadata(key: str) -> None:
    """Whatever a source is called, what is stored of it is short ASCII, as user metadata must be."""
    pairs = provenance(key=key).as_metadata()
    assert all((name + value).isascii() and (name + value).isprintable() for name, value in pairs.items())
    assert sum(len(name) + len(value) for name, value in pairs.items()) < 1024


def test_the_same_rendition_is_not_written_twice(s3: S3) -> None:
    """The same source by the same recipe is left as it stands, and told as not written."""
    write(s3, destination(), rendition())
    recording = RecordingS3(s3)
    assert write(recording, destination(), rendition(b"again")) is False
    assert recording.calls == LOOKED_AT
    assert stored(s3) == b"pixels"


CARRIED = {
    "CacheControl": "max-age=60",
    "ContentDisposition": "attachment; filename=\"scan.tiff\"; filename*=UTF-8''%C3%A4.tiff",
    "ContentLanguage": "de",
    "Expires": datetime(2026, 10, 21, 7, 28, tzinfo=UTC),
}


@pytest.mark.parametrize("name", CARRIED)
@pytest.mark.parametrize("sequencer", [EARLIER, None])
def test_other_headers_are_another_upload(s3: S3, name: str, sequencer: str | None) -> None:
    """The same bytes uploaded again with other headers replace the renditions, once, and without one take it away."""
    write(s3, destination(CARRIED, sequencer=sequencer), rendition())
    others = {other: value for other, value in CARRIED.items() if other != name}
    assert [write(s3, destination(others), rendition()) for _ in range(2)] == [True, False]
    answer = s3.head_object(Bucket=BUCKET, Key=KEY)
    assert [each for each in CARRIED if each in answer] == list(others)


def test_the_headers_of_a_later_upload_stand(s3: S3) -> None:
    """Where the same bytes were uploaded again with other headers, the first upload's late event leaves those."""
    write(s3, destination({"CacheControl": "no-store"}, sequencer=LATER), rendition())
    with pytest.raises(NewerRenditionExists):
        write(s3, destination({"CacheControl": "max-age=60"}), rendition())
    assert s3.head_object(Bucket=BUCKET, Key=KEY)["CacheControl"] == "no-store"


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({"recipe": "r0"}, {}),
        ({"recipe": "r0", "sequencer": None}, {"sequencer": None}),
        ({"etag": "4567", "sequencer": EARLIER}, {}),
        ({"etag": "4567", "sequencer": SEQUENCER}, {}),
        ({"etag": "4567", "sequencer": None}, {}),
        ({"etag": "4567", "sequencer": LATER}, {"sequencer": None}),
        ({"recipe": "r0", "sequencer": EARLIER}, {}),
    ],
)
def test_what_is_older_is_replaced(s3: S3, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Another recipe, an earlier upload, and whatever cannot be shown to be later, is replaced where it stands."""
    write(s3, destination(**before), rendition(b"old"))
    etag = s3.head_object(Bucket=BUCKET, Key=KEY)["ETag"]
    requests: list[dict[str, Any]] = []
    recording = RecordingS3(s3, {"put_object": requests.append})
    assert write(recording, destination(**now), rendition()) is True
    assert [call for call in recording.calls if call[1] == KEY] == REPLACED
    assert [(each.get("IfNoneMatch"), each.get("IfMatch")) for each in requests] == [("*", None), (None, etag)]
    assert stored(s3) == b"pixels"


@pytest.mark.parametrize("sequencers", [(None, SEQUENCER), (SEQUENCER, None), (None, None)])
def test_without_two_sequencers_the_source_decides(s3: S3, sequencers: tuple[str | None, str | None]) -> None:
    """Where nothing tells which upload is later, a rendition is replaced only while its source is the current one."""
    before, now = sequencers
    write(s3, destination(etag="4567", sequencer=before), rendition(b"old"))
    with pytest.raises(SourceChanged):
        write(s3, destination(etag="89ab", sequencer=now), rendition())
    assert stored(s3) == b"old"
    assert write(s3, destination(sequencer=now), rendition()) is True


@pytest.mark.parametrize("recipe", ["r1", "r0"])
def test_what_is_later_stands(s3: S3, recipe: str) -> None:
    """A rendition of a later upload is left alone, by whichever recipe it was made."""
    write(s3, destination(etag="4567", sequencer=LATER, recipe=recipe), rendition(b"newer"))
    recording = RecordingS3(s3)
    with pytest.raises(NewerRenditionExists, match="resized/480-summer"):
        write(recording, destination(), rendition())
    assert recording.calls == LOOKED_AT
    assert stored(s3) == b"newer"


@pytest.mark.parametrize("sequencer", [EARLIER, LATER, None])
def test_another_sources_rendition_is_never_replaced(s3: S3, sequencer: str | None) -> None:
    """Where two sources would share an output, the second is rejected and the first stays."""
    write(s3, destination(key="summer/日本 a+b"), rendition(b"first"))
    with rejects(Reason.KEY_TAKEN):
        write(s3, destination(sequencer=sequencer), rendition())
    assert stored(s3) == b"first"


def test_what_tells_no_source_is_replaced(s3: S3) -> None:
    """An object that nobody signed, such as one from before this service, makes room."""
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"from before")
    assert write(s3, destination(), rendition()) is True
    assert stored(s3) == b"pixels"


@pytest.mark.parametrize(
    ("attempts", "body", "written"), [(1, b"pixels", True), (1, b"longer pixels", False), (0, b"pixels", False)]
)
@pytest.mark.parametrize("code", ["PreconditionFailed", "ConditionalRequestConflict"])
def test_a_put_that_met_its_own_first_attempt_has_written(
    s3: S3,
    attempts: int,
    body: bytes,
    written: bool,  # noqa: FBT001 # a table's column
    code: str,
) -> None:
    """Where the answer was lost and botocore sent the PUT again, the condition fails because the first one worked."""
    write(s3, destination(), rendition())

    def refuse(_: dict[str, Any]) -> None:
        problem = refusal(code, "PutObject")
        problem.response["ResponseMetadata"] = {"RetryAttempts": attempts}  # type: ignore[typeddict-item] # the rest is left out
        raise problem

    assert write(RecordingS3(s3, {"put_object": refuse}), destination(), rendition(body)) is written
