"""Measuring on AWS begins only where everything is there: a region, credentials, and a bucket that will do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber

from bench.account import Account, connect, find
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
    """Without a region, without credentials, and with a profile that is not there, the message says what to set."""
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
    """Invoke waits for as long as Lambda lets a function run, and never tries again; AWS_REGION alone is enough."""
    for name, value in {"REGION": "eu-west-1", "ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "x"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    account = connect()
    assert {client.meta.region_name for client in (account.functions, account.invoking, account.s3)} == {"eu-west-1"}
    assert account.invoking.meta.config.read_timeout > 900
    tries: list[object] = []

    def broken(**_: Any) -> None:
        tries.append(None)
        raise ReadTimeoutError(endpoint_url="loopback")

    account.invoking.meta.events.register("before-send.lambda.Invoke", broken)
    with pytest.raises(ReadTimeoutError):
        account.invoking.invoke(FunctionName="f")
    assert len(tries) == 1


def found(stubber: Stubber, environment: Mapping[str, str], *, invoked: bool = False) -> Account:
    told = {"FunctionName": FUNCTION, "MemorySize": 512, "Environment": {"Variables": dict(environment)}}
    stubber.add_response("get_function_configuration", told)
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
    """Our own stack's function says itself where it may be measured."""
    assert find(found(plain_api, ENVIRONMENT), FUNCTION, None) == TARGET


@pytest.mark.parametrize(
    ("environment", "bucket", "message"),
    [
        ({}, None, "BUCKET="),
        (ENVIRONMENT, "other", "serves photos by RESIZER_BUCKETS, and not other"),
        ({"RESIZER_WIDTHS": "many"}, BUCKET, "RESIZER_WIDTHS"),
    ],
)
def test_a_bucket_that_will_not_do_is_told_beforehand(
    plain_api: Stubber, environment: dict[str, str], bucket: str | None, message: str
) -> None:
    """Nothing is changed where the pictures could not be resized."""
    with pytest.raises(UsageError, match=message):
        find(found(plain_api, environment), FUNCTION, bucket)


def test_a_function_that_is_invoked_unpublished_is_left_alone(plain_api: Stubber) -> None:
    """Where events go to the function without an alias, they would meet the settings of the measured versions."""
    with pytest.raises(UsageError, match="without an alias"):
        find(found(plain_api, ENVIRONMENT, invoked=True), FUNCTION, None)


def test_with_an_output_bucket_that_one_is_measured_in(plain_api: Stubber) -> None:
    """Uploads to the bucket of images would trigger the function, so no other is taken than that of renditions."""
    elsewhere = {**ENVIRONMENT, "RESIZER_OUTPUT_BUCKET": "thumbs"}
    for asked in (None, "thumbs"):
        assert find(found(plain_api, elsewhere), FUNCTION, asked).bucket == "thumbs"
    with pytest.raises(UsageError, match=f"is measured there, not in {BUCKET}"):
        find(found(plain_api, elsewhere), FUNCTION, BUCKET)
