"""Measuring on AWS needs a region, credentials, and a suitable bucket: `bench.account`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber

from bench.account import Account, connect, find_target
from resizer.errors import UsageError
from tests.conftest import BUCKET

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
from tests.bench.live.function import ENVIRONMENT, FUNCTION, TARGET


@pytest.fixture
def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.usefixtures("nothing_configured")
def test_what_is_missing_is_one_readable_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a region or credentials, or with an unknown profile, the message says what to set."""
    with pytest.raises(UsageError, match="AWS_REGION="):
        connect()
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    with pytest.raises(UsageError, match="AWS_PROFILE, or AWS_ACCESS_KEY_ID"):
        connect()
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(UsageError, match="nobody"):
        connect()


@pytest.mark.usefixtures("nothing_configured")
def test_an_invocation_may_take_its_time_and_is_sent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Invoke waits for the longest invocation and does not retry. Of the region variables, AWS_REGION is enough."""
    for name, value in {"REGION": "eu-west-1", "ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "x"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    account = connect()
    assert {client.meta.region_name for client in (account.lambda_client, account.invoke_client, account.s3)} == {
        "eu-west-1"
    }
    assert account.invoke_client.meta.config.read_timeout > 900
    requests: list[object] = []

    def broken(**_: Any) -> None:
        requests.append(None)
        raise ReadTimeoutError(endpoint_url="loopback")

    account.invoke_client.meta.events.register("before-send.lambda.Invoke", broken)
    with pytest.raises(ReadTimeoutError):
        account.invoke_client.invoke(FunctionName="f")
    assert len(requests) == 1


def found(stubber: Stubber, environment: Mapping[str, str], *, invoked: bool = False) -> Account:
    answer = {"FunctionName": FUNCTION, "MemorySize": 512, "Environment": {"Variables": dict(environment)}}
    stubber.add_response("get_function_configuration", answer)
    if invoked:
        stubber.add_response("get_policy", {"Policy": "{}"})
    else:
        stubber.add_client_error("get_policy", "ResourceNotFoundException")
    return Account(stubber.client, None, None)


@pytest.fixture
def plain_api() -> Iterator[Stubber]:
    with Stubber(botocore.session.get_session().create_client("lambda", region_name="us-east-1")) as stubber:
        yield stubber


def test_the_bucket_is_the_one_that_the_function_serves(plain_api: Stubber) -> None:
    """The stack's own function needs no --bucket."""
    assert find_target(found(plain_api, ENVIRONMENT), FUNCTION, None) == TARGET


@pytest.mark.parametrize(
    ("environment", "bucket", "message"),
    [
        ({}, None, "BUCKET="),
        (ENVIRONMENT, "other", r"serves only photos \(RESIZER_BUCKETS\), not other"),
        ({"RESIZER_WIDTHS": "many"}, BUCKET, "RESIZER_WIDTHS"),
    ],
)
def test_an_unsuitable_bucket_is_an_error(
    plain_api: Stubber, environment: dict[str, str], bucket: str | None, message: str
) -> None:
    """The error comes before anything is changed."""
    with pytest.raises(UsageError, match=message):
        find_target(found(plain_api, environment), FUNCTION, bucket)


def test_a_function_that_is_invoked_unpublished_is_left_alone(plain_api: Stubber) -> None:
    """Events that invoke $LATEST would get the settings of the measured versions."""
    with pytest.raises(UsageError, match="without an alias"):
        find_target(found(plain_api, ENVIRONMENT, invoked=True), FUNCTION, None)


def test_an_output_bucket_is_the_one_to_measure_in(plain_api: Stubber) -> None:
    """Uploads to the source bucket would trigger the function, so only the output bucket is used."""
    elsewhere = {**ENVIRONMENT, "RESIZER_OUTPUT_BUCKET": "thumbs"}
    for asked in (None, "thumbs"):
        assert find_target(found(plain_api, elsewhere), FUNCTION, asked).bucket == "thumbs"
    with pytest.raises(UsageError, match=f"measure there, not in {BUCKET}"):
        find_target(found(plain_api, elsewhere), FUNCTION, BUCKET)
