"""A bucket in another region is found there, whoever asks first, and no host is made of what is no region."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.s3.server import OK, Server, elsewhere, refused, serving

if TYPE_CHECKING:
    from collections.abc import Callable


def malformed(region: str) -> bytes:
    """S3's answer to a request that was signed for the wrong region."""
    return refused(400, f"<Error><Code>AuthorizationHeaderMalformed</Code><Region>{region}</Region></Error>".encode())


def regions(server: Server) -> list[str]:
    """The regions that a server's requests were signed for."""
    return [request.split(b"/s3/aws4_request")[0].rpartition(b"/")[2].decode() for request in server.requests]


@pytest.mark.parametrize("answer", [elsewhere, malformed])
def test_a_bucket_elsewhere_is_asked_there(answer: Callable[[str], bytes]) -> None:
    """Where S3 names another region, the request is signed for that one, and so is every later one."""
    with serving(answer("eu-north-1"), OK, OK) as (client, server):
        for _ in range(2):
            client.get_object(Bucket="photos", Key="cat.jpg")["Body"].read()
        assert regions(server) == ["us-east-1", "eu-north-1", "eu-north-1"]


def test_a_bucket_that_moved_again_is_followed() -> None:
    """What was learnt of a bucket is no more than what S3 says of it now, be that the region it was in at first."""
    with serving(elsewhere("eu-north-1"), OK, elsewhere("us-east-1"), OK, OK) as (client, server):
        for _ in range(3):
            client.get_object(Bucket="photos", Key="cat.jpg")["Body"].read()
        assert regions(server) == ["us-east-1", "eu-north-1", "eu-north-1", "us-east-1", "us-east-1"]


def test_first_requests_side_by_side_all_find_the_region() -> None:
    """One request's finding does not keep another, sent before it, from following."""
    with serving(OK, OK, OK) as (client, server), ThreadPoolExecutor(3) as threads:
        server.redirecting = threading.Barrier(3)
        answers = [threads.submit(client.get_object, Bucket="photos", Key="cat.jpg") for _ in range(3)]
        assert [answer.result()["ETag"] for answer in answers] == ['"1"'] * 3
        assert regions(server) == ["us-east-1"] * 3 + ["eu-north-1"] * 3


def test_regions_that_name_each_other_are_not_followed_for_ever() -> None:
    """A request goes on to one other region; an answer that names yet another is a refusal."""
    with serving(elsewhere("eu-north-1"), elsewhere("eu-west-3")) as (client, server):
        with pytest.raises(ClientError):
            client.get_object(Bucket="photos", Key="cat.jpg")
        assert len(server.requests) == 2


@pytest.mark.parametrize("name", ["evil.example.com/", "x", "eu-north-1.evil", "us-iso-east-1", "us-east-1"])
@pytest.mark.parametrize("answer", [elsewhere, malformed])
def test_what_is_no_region_becomes_part_of_no_host(name: str, answer: Callable[[str], bytes]) -> None:
    """A region that is none, of unknown hosts, or the one just asked, is not followed."""
    with serving(answer(name)) as (client, server):
        with pytest.raises(ClientError):
            client.get_object(Bucket="photos", Key="cat.jpg")
        assert len(server.requests) == 1
