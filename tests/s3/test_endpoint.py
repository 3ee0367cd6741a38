"""Requests go where boto3 would send them, and what only boto3 knows is left to it: `resizer.s3.endpoint`."""

from __future__ import annotations

import re
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ParamValidationError

from resizer.errors import ConfigError
from resizer.s3.endpoint import configured, is_plain, place, region

if TYPE_CHECKING:
    from collections.abc import Iterator

LAMBDA = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t", "AWS_REGION": "eu-west-1"}
KEYS = ["cat.jpg", "a/b c+d%25é日本.jpg", "~tilde'()*!.jpg", "//double//", "?query=1#part", "./dot/../dots"]


@cache
def botocore_client(where: str) -> Any:
    client = botocore.session.get_session().create_client(
        "s3",
        region_name=where,
        aws_access_key_id="A",
        aws_secret_access_key="s",  # noqa: S106 # nothing is sent
        config=Config(ignore_configured_endpoint_urls=True),  # type: ignore[call-arg] # unknown to its stubs
    )
    client.meta.events.register("before-send.s3", answered)
    return client


class Nothing(BytesIO):
    """An empty body, as urllib3 hands it over."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield from ()


def answered(request: Any, **_: Any) -> Any:
    """Instead of being sent, a request is answered with its own URL."""
    return AWSResponse(request.url, 200, HTTPHeaders.from_dict({"x-amz-meta-url": request.url}), Nothing())


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("bucket", ["photos", "my-photos-2", "photos.example.com"])
@pytest.mark.parametrize("where", ["eu-central-1", "us-west-2", "us-gov-west-1", "cn-north-1", "ap-southeast-5"])
def test_objects_are_where_botocore_looks_for_them(where: str, bucket: str, key: str) -> None:
    """In every region, for names with and without dots and for any key, the URL is botocore's."""
    answer = botocore_client(where).head_object(Bucket=bucket, Key=key)
    found = place(bucket, key, where, None)
    assert found.secure
    assert f"https://{found.host}{found.path}" == answer["Metadata"]["url"]


@pytest.mark.parametrize(
    ("url", "host", "path", "secure"),
    [
        ("http://127.0.0.1:5000", "127.0.0.1:5000", "/photos/cat.jpg", False),
        ("https://s3.example.com/", "s3.example.com", "/photos/cat.jpg", True),
        ("https://example.com/store", "example.com", "/store/photos/cat.jpg", True),
    ],
)
def test_another_s3_is_asked_by_path(url: str, host: str, path: str, secure: bool) -> None:  # noqa: FBT001 # a table
    """Whatever is not AWS's own gets the bucket in its path, which every such service understands."""
    found = place("photos", "cat.jpg", "us-east-1", url)
    assert (found.host, found.path, found.secure) == (host, path, secure)


@pytest.mark.parametrize(
    ("changes", "plain"),
    [
        ({}, True),
        ({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:5000"}, True),
        ({"AWS_REGION": "us-gov-east-1"}, True),
        ({"AWS_REGION": ""}, False),
        ({"AWS_REGION": "us-iso-east-1"}, False),
        ({"AWS_REGION": "us-isob-east-1"}, False),
        ({"AWS_REGION": "eu-isoe-west-1"}, False),
        ({"AWS_REGION": "eusc-de-east-1"}, False),
        ({"AWS_ACCESS_KEY_ID": ""}, False),
        ({"AWS_SECRET_ACCESS_KEY": ""}, False),
        ({"AWS_PROFILE": "me"}, False),
        ({"HTTPS_PROXY": "http://proxy:3128"}, False),
        ({"https_proxy": "http://proxy:3128"}, False),
        ({"HTTP_PROXY": "http://proxy:3128", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:5000"}, False),
        ({"http_proxy": "http://proxy:3128", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:5000"}, False),
        ({"http_proxy": ""}, True),
        ({"AWS_USE_FIPS_ENDPOINT": "true"}, False),
        ({"AWS_USE_DUALSTACK_ENDPOINT": "true"}, False),
    ],
)
def test_a_plain_environment(changes: dict[str, str], plain: bool) -> None:  # noqa: FBT001 # a table
    """What Lambda sets is enough; a detour that botocore alone knows is left to it."""
    assert is_plain({**LAMBDA, **changes}) is plain


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, None),
        ({"AWS_ENDPOINT_URL": "http://a"}, "http://a"),
        ({"AWS_ENDPOINT_URL": "http://a", "AWS_ENDPOINT_URL_S3": "http://b"}, "http://b"),
        ({"AWS_ENDPOINT_URL_S3": "http://b", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, None),
    ],
)
def test_the_endpoint_of_the_environment(environ: dict[str, str], url: str | None) -> None:
    """The variables are those of boto3, S3's own before the general one."""
    assert configured(environ) == url


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"])
@pytest.mark.parametrize(
    "url",
    ["localhost:9000", "127.0.0.1:9000", "s3.example.com", "ftp://host", "http://", "http://host:port", "http://[::1"],
)
def test_an_endpoint_that_is_no_url_is_told(name: str, url: str) -> None:
    """The error names the variable, and how to write it, before any request."""
    with pytest.raises(ConfigError, match=rf"{name}={re.escape(url)} .*http://host:port"):
        configured({name: url})


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:9000"])
@pytest.mark.parametrize(
    "bucket", ["", "pho tos", "pho\u4e00tos", "photos?x", "a/b", "arn:aws:s3:eu-west-1:123456789012:accesspoint/photos"]
)
def test_what_is_no_bucket_s_name_is_refused(bucket: str, url: str | None) -> None:
    """As botocore refuses it, and nothing is sent."""
    with pytest.raises(ParamValidationError, match=re.escape(repr(bucket))):
        place(bucket, "cat.jpg", "eu-west-1", url)


def test_the_region_of_the_environment() -> None:
    """Lambda's variable goes before the one of the command line."""
    assert region({"AWS_DEFAULT_REGION": "eu-west-1"}) == "eu-west-1"
    assert region({"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-1"}) == "eu-west-2"
