"""The ordinary write is one PUT; beyond it no older picture replaces a newer one, and nobody's picture another's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from resizer import store
from resizer.errors import Reason, StorageError, Superseded
from resizer.model import Format, Rendition, RenditionPlan, SourceMetadata, SourceObject
from resizer.store import ATTEMPTS, Destination, Provenance, is_later
from tests.conftest import BUCKET, rejects
from tests.recording import RecordingS3, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from resizer.s3 import S3

SOURCE = "summer/日本 a+b.jpg"
KEY = "resized/480-summer/日本 a+b.jpg"
EARLIER, SEQUENCER, LATER = "0055AED6DCD90281E4", "0055AED6DCD90281E5", "0055AED6DCD90281E6"
PUT_ONCE = [("put_object", KEY)]
LOOKED_AT = [("put_object", KEY), ("head_object", KEY)]
REPLACED = [*LOOKED_AT, ("put_object", KEY)]

_sequencers = st.text("0123456789ABCDEFabcdef", min_size=1, max_size=6)


def provenance(
    key: str = SOURCE, etag: str = "0123", sequencer: str | None = SEQUENCER, recipe: str = "r1"
) -> Provenance:
    source = SourceObject(BUCKET, key, etag=etag, sequencer=sequencer)
    return Provenance.of(source, SourceMetadata(etag, 9), recipe)


def destination(headers: dict[str, Any] | None = None, **made_of: Any) -> Destination:
    return Destination(BUCKET, provenance(**made_of), headers or {})


def rendition(body: bytes = b"pixels") -> Rendition:
    return Rendition(RenditionPlan(KEY, 480, 360, Format.JPEG), body)


def write(s3: S3, where: Destination, what: Rendition) -> bool:
    """Write while the source stays what it was; whether anything was written."""
    return bool(store.write(s3, where, what, still_current=lambda: True))


def stored(s3: S3) -> bytes:
    body: bytes = s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read()
    return body


def refusing(times: int, code: str) -> Callable[[dict[str, Any]], None]:
    """Refuses the first requests, as many as told, with an error code of S3."""
    left = [refusal(code, "PutObject")] * times

    def refuse(_: dict[str, Any]) -> None:
        if left:
            raise left.pop()

    return refuse


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
                "source-etag": "0123",
                "source-sequencer": SEQUENCER,
                "recipe": "r1",
                "width": "480",
                "height": "360",
            },
            "IfNoneMatch": "*",
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


def test_a_download_is_named_after_what_it_is(s3: S3) -> None:
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
    "ContentDisposition": 'attachment; filename="scan.tiff"',
    "ContentLanguage": "de",
    "Expires": "Wed, 21 Oct 2026 07:28:00 GMT",
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
    with pytest.raises(Superseded):
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
    assert recording.calls == REPLACED
    assert [(each.get("IfNoneMatch"), each.get("IfMatch")) for each in requests] == [("*", None), (None, etag)]
    assert stored(s3) == b"pixels"


@pytest.mark.parametrize("recipe", ["r1", "r0"])
def test_what_is_later_stands(s3: S3, recipe: str) -> None:
    """A rendition of a later upload is left alone, by whichever recipe it was made."""
    write(s3, destination(etag="4567", sequencer=LATER, recipe=recipe), rendition(b"newer"))
    recording = RecordingS3(s3)
    with pytest.raises(Superseded, match="resized/480-summer"):
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


@pytest.mark.parametrize("code", ["ConditionalRequestConflict", "PreconditionFailed", "409", "412", "NoSuchKey", "404"])
def test_a_lost_race_is_run_again(s3: S3, code: str) -> None:
    """A write that met another's, with nothing standing afterwards, is made again on the first condition."""
    requests: list[dict[str, Any]] = []
    refuse = refusing(2, code)

    def note_and_refuse(request: dict[str, Any]) -> None:
        requests.append(request)
        refuse(request)

    recording = RecordingS3(s3, {"put_object": note_and_refuse})
    assert write(recording, destination(), rendition()) is True
    assert [each.get("IfNoneMatch") for each in requests] == ["*", "*", "*"]
    assert stored(s3) == b"pixels"


def test_a_conflict_with_the_same_rendition_is_done(s3: S3) -> None:
    """Where the other writer of a conflict wrote this very rendition, there is nothing left to write."""

    def the_other_wins(_: dict[str, Any]) -> None:
        write(s3, destination(), rendition())
        raise refusal("ConditionalRequestConflict", "PutObject")

    assert write(RecordingS3(s3, {"put_object": the_other_wins}), destination(), rendition()) is False


def test_a_later_writer_who_comes_between_stands(s3: S3) -> None:
    """Who looks, and is overtaken by a later upload before writing, looks again and leaves that one alone."""
    write(s3, destination(etag="4567", sequencer=EARLIER), rendition(b"old"))

    def overtake(request: dict[str, Any]) -> None:
        if "IfMatch" in request:
            write(s3, destination(etag="89ab", sequencer=LATER), rendition(b"newest"))

    with pytest.raises(Superseded):
        write(RecordingS3(s3, {"put_object": overtake}), destination(), rendition())
    assert stored(s3) == b"newest"


def test_what_disappears_in_between_is_written_anew(s3: S3) -> None:
    """Where what was to be replaced has been deleted meanwhile, the rendition is written all the same."""
    write(s3, destination(etag="4567", sequencer=EARLIER), rendition(b"old"))

    def delete(request: dict[str, Any]) -> None:
        if "IfMatch" in request:
            s3.delete_object(Bucket=BUCKET, Key=KEY)

    assert write(RecordingS3(s3, {"put_object": delete}), destination(), rendition()) is True
    assert stored(s3) == b"pixels"


def test_races_without_end_are_given_up(s3: S3) -> None:
    """Who loses every race says so, by name and number, and asks for another try."""
    recording = RecordingS3(s3, {"put_object": refusing(99, "ConditionalRequestConflict")})
    with pytest.raises(StorageError, match=f"lost {ATTEMPTS} races") as problem:
        write(recording, destination(), rendition())
    assert f"s3://{BUCKET}/{KEY}" in str(problem.value)
    assert problem.value.retryable
    assert recording.calls.count(("put_object", KEY)) == ATTEMPTS


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchBucket", "SlowDown", "InternalError", "ServiceUnavailable"])
@pytest.mark.parametrize("operation", ["put_object", "head_object"])
def test_a_refusal_is_a_storage_error_that_names_the_object(s3: S3, code: str, operation: str) -> None:
    """Whatever S3 refuses is worth another try, under the request's and the object's name, with S3's own word."""
    write(s3, destination(recipe="r0"), rendition())
    recording = RecordingS3(s3, {operation: refusing(1, code)})
    with pytest.raises(StorageError) as problem:
        write(recording, destination(), rendition())
    verb = operation.partition("_")[0].upper()
    assert str(problem.value).startswith(f"{verb} s3://{BUCKET}/{KEY} failed: ")
    assert code in str(problem.value)
    assert problem.value.retryable


@pytest.mark.parametrize("operation", ["put_object", "head_object"])
def test_an_endpoint_out_of_reach_is_a_storage_error(s3: S3, operation: str) -> None:
    """A connection that fails is a storage error by the same name."""

    def fail(_: dict[str, Any]) -> None:
        raise EndpointConnectionError(endpoint_url="https://s3.test")

    write(s3, destination(recipe="r0"), rendition())
    with pytest.raises(StorageError, match=r"https://s3\.test"):
        write(RecordingS3(s3, {operation: fail}), destination(), rendition())


def test_two_keys_have_two_provenances() -> None:
    """Sources are told apart by their whole key."""
    assert provenance(key="scan").source_key != provenance(key="scan.jpg").source_key
    assert provenance() == replace(provenance(), sequencer=SEQUENCER)


@pytest.mark.parametrize(
    ("sequencer", "than", "later"),
    [
        ("02", "01", True),
        ("01", "02", False),
        ("01", "01", False),
        ("0A", "09", True),
        ("0a", "0A", False),
        ("0b", "0A", True),
        ("0B", "0a", True),
        ("1", "0FFF", True),
        ("0FFF", "1", False),
        ("1", "1000", False),
        ("1000", "1", False),
        ("1001", "1", True),
        ("1", "1001", False),
        ("9", "10", True),
        (LATER, SEQUENCER, True),
        (SEQUENCER, SEQUENCER + "00", False),
        (SEQUENCER + "01", SEQUENCER, True),
    ],
)
def test_sequencers_compare_as_s3_says(sequencer: str, than: str, later: bool) -> None:  # noqa: FBT001 # a table's column
    """Sequencers compare as hex strings after the shorter is padded on the right with zeros, in either case."""
    assert is_later(sequencer, than) is later


@given(_sequencers, _sequencers, _sequencers)
def test_sequencers_are_in_one_order(first: str, second: str, third: str) -> None:
    """Of any two sequencers at most one is later, exactly as the padded numbers say, and the order carries on."""
    longest = max(map(len, (first, second, third)))
    one, other = (int(each.ljust(longest, "0"), 16) for each in (first, second))
    assert is_later(first, second) == (one > other)
    assert not (is_later(first, second) and is_later(second, first))
    assert is_later(first, third) or not (is_later(first, second) and is_later(second, third))
