"""A new rendition is one PUT; an older upload never replaces a newer one, nor one source another."""

from datetime import UTC, datetime
from typing import Any

import pytest

from resizer.errors import NewerRenditionExists, Reason, SourceChanged
from resizer.s3 import S3
from tests.conftest import BUCKET, rejects
from tests.store.writing import (
    EARLIER,
    ETAG,
    FOUND,
    KEY,
    LATER,
    PUT_ONCE,
    REPLACED,
    SEQUENCER,
    destination,
    provenance,
    rendition,
    stored,
    write,
)
from tests.support.recording import RecordingS3, refusal


def test_the_first_write_is_one_put(s3: S3) -> None:
    """A new rendition costs exactly one PUT, which succeeds only if the key is free."""
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


def test_a_rendition_can_be_read_back(s3: S3) -> None:
    """S3 returns a rendition's bytes, Content-Type, Cache-Control and the contract's metadata."""
    write(s3, destination({"CacheControl": "max-age=60"}), rendition())
    answer = s3.get_object(Bucket=BUCKET, Key=KEY)
    assert answer["Body"].read() == b"pixels"
    assert (answer["ContentType"], answer["CacheControl"]) == ("image/jpeg", "max-age=60")
    assert answer["Metadata"] == {**provenance().as_metadata(), "width": "480", "height": "360"}


def test_unknown_headers_are_not_sent(s3: S3) -> None:
    """Without headers and a sequencer, the rendition has none."""
    write(s3, destination(sequencer=None), rendition())
    answer = s3.head_object(Bucket=BUCKET, Key=KEY)
    assert "CacheControl" not in answer
    assert "source-sequencer" not in answer["Metadata"]


def test_a_file_name_gets_the_renditions_extension(s3: S3) -> None:
    """The file name in a source's Content-Disposition gets the extension of the rendition's format."""
    headers = {"ContentDisposition": 'attachment; filename="scan.tiff"', "ContentLanguage": "de"}
    write(s3, destination(headers), rendition())
    answer = s3.head_object(Bucket=BUCKET, Key=KEY)
    assert answer["ContentDisposition"] == 'attachment; filename="scan.jpg"'
    assert answer["ContentLanguage"] == "de"


@pytest.mark.parametrize("key", ["é", "x" * 1024, "a\nb", "日本" * 170])
def test_provenance_is_short_ascii(key: str) -> None:
    """For any key the provenance is short, printable ASCII, as user metadata must be."""
    pairs = provenance(key=key).as_metadata()
    assert all((name + value).isascii() and (name + value).isprintable() for name, value in pairs.items())
    assert sum(len(name) + len(value) for name, value in pairs.items()) < 1024


def test_the_same_rendition_is_not_written_twice(s3: S3) -> None:
    """An existing rendition of the same source and recipe stays, and `write` returns False."""
    write(s3, destination(), rendition())
    recording = RecordingS3(s3)
    assert write(recording, destination(), rendition(b"again")) is False
    assert recording.calls == FOUND
    assert stored(s3) == b"pixels"


CARRIED = {
    "CacheControl": "max-age=60",
    "ContentDisposition": "attachment; filename=\"scan.tiff\"; filename*=UTF-8''%C3%A4.tiff",
    "ContentLanguage": "de",
    "Expires": datetime(2026, 10, 21, 7, 28, tzinfo=UTC),
}


@pytest.mark.parametrize("name", CARRIED)
@pytest.mark.parametrize("sequencer", [EARLIER, None])
def test_changed_headers_replace_the_rendition_once(s3: S3, name: str, sequencer: str | None) -> None:
    """The same bytes with a header less are written once, and the header is gone."""
    write(s3, destination(CARRIED, sequencer=sequencer), rendition())
    others = {other: value for other, value in CARRIED.items() if other != name}
    assert [write(s3, destination(others), rendition()) for _ in range(2)] == [True, False]
    answer = s3.head_object(Bucket=BUCKET, Key=KEY)
    assert [each for each in CARRIED if each in answer] == list(others)


def test_the_headers_of_a_newer_upload_stay(s3: S3) -> None:
    """If the same bytes were uploaded again with other headers, the late event of the first upload changes nothing."""
    write(s3, destination({"CacheControl": "no-store"}, sequencer=LATER), rendition())
    with pytest.raises(NewerRenditionExists):
        write(s3, destination({"CacheControl": "max-age=60"}), rendition())
    assert s3.head_object(Bucket=BUCKET, Key=KEY)["CacheControl"] == "no-store"


@pytest.mark.parametrize(
    ("existing", "new"),
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
def test_an_older_rendition_is_replaced(s3: S3, existing: dict[str, Any], new: dict[str, Any]) -> None:
    """A rendition of another recipe, of an earlier upload, or not known to be newer, is replaced with If-Match."""
    write(s3, destination(**existing), rendition(b"old"))
    etag = s3.head_object(Bucket=BUCKET, Key=KEY)["ETag"]
    requests: list[dict[str, Any]] = []
    recording = RecordingS3(s3, {"put_object": requests.append})
    assert write(recording, destination(**new), rendition()) is True
    assert [call for call in recording.calls if call[1] == KEY] == REPLACED
    assert [(each.get("IfNoneMatch"), each.get("IfMatch")) for each in requests] == [("*", None), (None, etag)]
    assert stored(s3) == b"pixels"


@pytest.mark.parametrize("sequencers", [(None, SEQUENCER), (SEQUENCER, None), (None, None)])
def test_without_two_sequencers_the_source_decides(s3: S3, sequencers: tuple[str | None, str | None]) -> None:
    """If a sequencer is missing, a rendition is replaced only if the writer's source is the current one."""
    existing, new = sequencers
    write(s3, destination(etag="4567", sequencer=existing), rendition(b"old"))
    with pytest.raises(SourceChanged):
        write(s3, destination(etag="89ab", sequencer=new), rendition())
    assert stored(s3) == b"old"
    assert write(s3, destination(sequencer=new), rendition()) is True


@pytest.mark.parametrize("recipe", ["r1", "r0"])
def test_a_412_from_a_newer_rendition_leaves_it_alone(s3: S3, recipe: str) -> None:
    """A rendition of a newer upload stays, whatever its recipe."""
    write(s3, destination(etag="4567", sequencer=LATER, recipe=recipe), rendition(b"newer"))
    recording = RecordingS3(s3)
    with pytest.raises(NewerRenditionExists, match="resized/480-summer"):
        write(recording, destination(), rendition())
    assert recording.calls == FOUND
    assert stored(s3) == b"newer"


@pytest.mark.parametrize("sequencer", [EARLIER, LATER, None])
def test_another_sources_rendition_is_never_replaced(s3: S3, sequencer: str | None) -> None:
    """If two sources share an output key, the second is rejected and the first one's rendition stays."""
    write(s3, destination(key="summer/日本 a+b"), rendition(b"first"))
    with rejects(Reason.KEY_TAKEN):
        write(s3, destination(sequencer=sequencer), rendition())
    assert stored(s3) == b"first"


def test_an_object_without_provenance_is_replaced(s3: S3) -> None:
    """An object without our metadata, such as one written before Resizer was used, is replaced."""
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"from before")
    assert write(s3, destination(), rendition()) is True
    assert stored(s3) == b"pixels"


@pytest.mark.parametrize(
    ("attempts", "body", "written"), [(1, b"pixels", True), (1, b"longer pixels", False), (0, b"pixels", False)]
)
@pytest.mark.parametrize("code", ["PreconditionFailed", "ConditionalRequestConflict"])
def test_a_retried_put_that_meets_its_own_write_has_succeeded(
    s3: S3,
    attempts: int,
    body: bytes,
    written: bool,  # noqa: FBT001 # a table's column
    code: str,
) -> None:
    """If the response was lost and botocore retried, a 412 or 409 from our own write counts as written."""
    write(s3, destination(), rendition())

    def refuse(_: dict[str, Any]) -> None:
        problem = refusal(code, "PutObject")
        problem.response["ResponseMetadata"] = {"RetryAttempts": attempts}  # type: ignore[typeddict-item] # other fields do not matter
        raise problem

    assert write(RecordingS3(s3, {"put_object": refuse}), destination(), rendition(body)) is written
