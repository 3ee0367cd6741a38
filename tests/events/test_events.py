"""S3's events are parsed into source objects; anything else is a readable error."""

import json
from contextlib import suppress
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resizer.errors import UnknownEvent
from resizer.model import Change, SourceObject
from tests.conftest import BUCKET, notification
from tests.support.sources import sources

FULL = {
    "Records": [
        {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": "eu-central-1",
            "eventTime": "2025-03-01T10:00:00.000Z",
            "eventName": "ObjectCreated:CompleteMultipartUpload",
            "userIdentity": {"principalId": "AWS:AIDAEXAMPLE"},
            "requestParameters": {"sourceIPAddress": "192.0.2.1"},
            "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810"},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "resize",
                "bucket": {"name": "photos", "ownerIdentity": {"principalId": "A3"}, "arn": "arn:aws:s3:::photos"},
                "object": {
                    "key": "summer/cat.jpg",
                    "size": 1024,
                    "eTag": "d41d8cd98f00b204e9800998ecf8427e-2",
                    "versionId": "096fKKXTRTtl3on89fVO.nfljtsv6qko",
                    "sequencer": "0055AED6DCD90281E5",
                },
            },
        }
    ]
}
MOTO = {
    "Records": [
        {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": "us-east-1",
            "eventTime": "2025-03-01T10:00:00Z",
            "eventName": "ObjectCreated:Put",
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "resize",
                "bucket": {"name": "photos", "arn": "arn:aws:s3:::photos"},
                "object": {"key": "summer%2Fcat.jpg", "size": 5, "eTag": "5d41402abc4b2a76b9719d911017c592"},
            },
        }
    ]
}
TEST_EVENT = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "photos", "RequestId": "5582815E1AEA5ADF"}
INSIDES = ("Error(", "object has no", "indices must", "literal for", "NoneType")
UNKNOWN: list[tuple[object, str]] = [
    (None, "null"),
    ([], "got []"),
    ("s3", 'got "s3"'),
    ({}, "[]"),
    ({"source": "aws.s3", "detail": {}}, "the field object is missing"),
    ({"source": "aws.ec2", "detail": {}}, "['detail', 'source']"),
    ({"Records": None}, "['Records']"),
    ({"Records": {"s3": {}}}, "['Records']"),
    ({"Records": [None]}, "null for a record"),
    ({"Records": [{}]}, "eventSource is None"),
    ({"Records": [{"eventSource": "aws:sqs", "body": "{}"}]}, "[]"),
    ({"Records": [{"EventSource": "aws:sns", "Sns": {}}]}, "eventSource is 'aws:sns'"),
    ({"Records": [{"eventSource": "aws:s3"}]}, "the field s3 is missing"),
    ({"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "photos"}}}]}, "the field object is missing"),
    ({"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": "a"}}}]}, "the field bucket is missing"),
    ({"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {}, "object": {"key": "a"}}}]}, "field name is missing"),
    (notification("%FF.jpg"), "its key is not UTF-8"),
    (notification("cat.jpg", size="large"), "a field has another type than in AWS's events"),
    ({"Records": [{"eventSource": "aws:s3", "s3": []}]}, "a field has another type than in AWS's events"),
    ({"source": "aws.s3", "detail": "text"}, "a field has another type than in AWS's events"),
    (
        {"source": "aws.s3", "detail-type": "Object Created",
         "detail": {"bucket": {"name": "b"}, "object": {"key": "k", "size": "big"}}},
        "a field has another type than in AWS's events",
    ),
]  # fmt: skip
WRONGLY_TYPED = [
    ('"key": 5', "a number for a key"),
    (r'"key": "\ud800.jpg"', "half a surrogate pair, which no S3 key can hold"),
    ('"key": "a", "size": 1e999', "an infinite size"),
    ('"key": "a", "size": []', "a list for a size"),
    ('"key": "a", "eTag": 5', "a number for an ETag"),
    ('"key": "a", "sequencer": 5', "a number for a sequencer"),
    ('"key": "a", "versionId": {"is": 1}', "an object for a version"),
]

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
# Records with the right fields and any types in them.
_stored: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"key": st.text()}, optional=dict.fromkeys(("size", "eTag", "sequencer", "versionId"), _json)
)
_nearly_right = st.lists(_stored, max_size=3).map(
    lambda several: {"Records": [notification("", **stored)["Records"][0] for stored in several]}
)


def test_every_field_of_a_record_is_read() -> None:
    """S3's record gives bucket, key, ETag, size, sequencer and version."""
    assert sources(FULL) == [
        SourceObject(
            bucket="photos",
            key="summer/cat.jpg",
            change=Change.CREATED,
            etag="d41d8cd98f00b204e9800998ecf8427e-2",
            size=1024,
            sequencer="0055AED6DCD90281E5",
            version_id="096fKKXTRTtl3on89fVO.nfljtsv6qko",
        )
    ]


def test_sequencer_and_identities_are_optional() -> None:
    """moto's record, without sequencer and identities and with slashes encoded, is read."""
    etag = "5d41402abc4b2a76b9719d911017c592"
    assert sources(MOTO) == [SourceObject("photos", "summer/cat.jpg", etag=etag, size=5)]


def test_several_records_keep_their_order() -> None:
    """Records give sources in the same order, with duplicates."""
    keys = ["b.jpg", "a.jpg", "b.jpg"]
    assert [source.key for source in sources(notification(*keys))] == keys


def test_the_test_event_has_no_sources() -> None:
    """S3's test event for a new notification is valid and has no sources."""
    assert sources(TEST_EVENT) == []


@pytest.mark.parametrize("empty", [{"eTag": ""}, {"sequencer": ""}, {"versionId": ""}, {"eTag": None}])
def test_an_empty_field_is_the_same_as_none(empty: dict[str, Any]) -> None:
    """An empty ETag, sequencer or version means that there is none."""
    assert sources(notification("cat.jpg", **empty)) == [SourceObject(BUCKET, "cat.jpg")]


@pytest.mark.parametrize(
    ("spelt", "key"),
    [
        ("a%2Bb+c%2525%C3%A9+%E6%97%A5%E6%9C%AC.jpg", "a+b c%25é 日本.jpg"),
        ("two+words.jpg", "two words.jpg"),
        ("two%20words.jpg", "two words.jpg"),
        ("a%2Fb/c.jpg", "a/b/c.jpg"),
        ("%252F.jpg", "%2F.jpg"),
        ("100%25", "100%"),
        ("e%CC%81.jpg", "e\u0301.jpg"),
        ("new%0Aline%00.jpg", "new\nline\0.jpg"),
    ],
)
def test_keys_are_decoded_once(spelt: str, key: str) -> None:
    """A key is URL-decoded exactly once, with `+` for space."""
    assert [source.key for source in sources(notification(spelt))] == [key]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_every_encoded_key_is_decoded(key: str) -> None:
    """Any key is decoded correctly, with slashes encoded or not."""
    spellings = (quote_plus(key, safe="/"), quote_plus(key, safe=""))
    assert [source.key for source in sources(notification(*spellings))] == [key, key]


def test_the_event_name_gives_the_change() -> None:
    """The event's name says whether the object was created or removed."""
    for name, change in [
        ("ObjectCreated:Put", Change.CREATED),
        ("ObjectCreated:Copy", Change.CREATED),
        ("ObjectCreated:CompleteMultipartUpload", Change.CREATED),
        ("ObjectRemoved:Delete", Change.REMOVED),
        ("ObjectRemoved:DeleteMarkerCreated", Change.REMOVED),
        ("ObjectRestore:Completed", Change.CREATED),
        ("ObjectRestore:Post", Change.OTHER),
        ("s3:ObjectCreated:Put", Change.CREATED),
        ("s3:ObjectRemoved:Delete", Change.REMOVED),
        ("s3:ObjectRestore:Completed", Change.CREATED),
        ("ObjectTagging:Put", Change.OTHER),
        ("", Change.OTHER),
    ]:
        assert [source.change for source in sources(notification("cat.jpg", change=name))] == [change]


@pytest.mark.parametrize("sender", ["aws:s3", "minio:s3", "ceph:s3"])
def test_events_of_minio_and_ceph_are_read(sender: str) -> None:
    """MinIO and Ceph use their own event sources, prefix event names with `s3:` and may quote the ETag."""
    event = notification("a%2Bb.jpg", change="s3:ObjectCreated:Put", eTag='"0123"')
    event["Records"][0]["eventSource"] = sender
    assert sources(event) == [SourceObject("photos", "a+b.jpg", etag="0123")]


def test_a_quoted_etag_from_eventbridge_is_unquoted() -> None:
    """Quotes around an ETag in an EventBridge event are removed."""
    stored = {"key": "cat.jpg", "etag": '"0123"'}
    event = {
        "source": "aws.s3",
        "detail-type": "Object Restore Completed",
        "detail": {"bucket": {"name": "photos"}, "object": stored},
    }
    assert sources(event) == [SourceObject("photos", "cat.jpg", etag="0123")]


@pytest.mark.parametrize(("event", "words"), UNKNOWN)
def test_an_unknown_event_says_what_was_expected(event: object, words: str) -> None:
    """The error names the expected and the actual shape, and nothing of Python's own errors."""
    with pytest.raises(UnknownEvent) as refusal:
        sources(event)
    assert str(refusal.value).startswith(("expected an S3 notification", "A record cannot be read"))
    assert words in str(refusal.value)
    assert not [inside for inside in INSIDES if inside in str(refusal.value)]


@pytest.mark.parametrize("fields", [case[0] for case in WRONGLY_TYPED], ids=[case[1] for case in WRONGLY_TYPED])
def test_fields_of_a_wrong_type_are_refused(fields: str) -> None:
    """A field of a wrong type makes the event unknown before any request."""
    text = '{"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "photos"}, "object": {%s}}}]}'
    with pytest.raises(UnknownEvent):
        sources(json.loads(text % fields))


@given(_json | _nearly_right)
@example(notification("cat.jpg", size=float("inf")))
def test_any_json_is_parsed_or_refused(event: Any) -> None:
    """Any JSON value gives well-typed sources or `UnknownEvent`, never another error."""
    with suppress(UnknownEvent):
        for source in sources(json.loads(json.dumps(event))):
            assert source.key.encode().decode() == source.key
            assert source.size is None or isinstance(source.size, int)
            for value in (source.etag, source.sequencer, source.version_id):
                assert value is None or isinstance(value, str)
