"""Measuring on AWS needs a region, credentials and a suitable bucket, and says which one is missing."""

from collections.abc import Iterator, Mapping
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.stub import Stubber

from bench.account import Account, connect, find_target
from resizer.errors import UsageError
from tests.bench.live.function import ENVIRONMENT, FUNCTION, TARGET
from tests.conftest import BUCKET


@pytest.fixture
def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.usefixtures("nothing_configured")
def test_missing_credentials_are_one_readable_line(monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_invoke_waits_for_the_answer_and_never_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Invoke waits as long as a function may run, and never retries; AWS_REGION alone sets the region."""
    for name, value in {"REGION": "eu-west-1", "ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "x"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    account = connect()
    assert {client.meta.region_name for client in (account.lambda_client, account.invoke_client, account.s3)} == {
        "eu-west-1"
    }
    assert account.invoke_client.meta.config.read_timeout > 900
    tries: list[object] = []

    def time_out(**_: Any) -> None:
        tries.append(None)
        raise ReadTimeoutError(endpoint_url="loopback")

    account.invoke_client.meta.events.register("before-send.lambda.Invoke", time_out)
    with pytest.raises(ReadTimeoutError):
        account.invoke_client.invoke(FunctionName="f")
    assert len(tries) == 1


def account_with(stubber: Stubber, environment: Mapping[str, str], *, invoked: bool = False) -> Account:
    configuration = {"FunctionName": FUNCTION, "MemorySize": 512, "Environment": {"Variables": dict(environment)}}
    stubber.add_response("get_function_configuration", configuration)
    if invoked:
        stubber.add_response("get_policy", {"Policy": "{}"})
    else:
        stubber.add_client_error("get_policy", "ResourceNotFoundException")
    return Account(stubber.client, None, None)


@pytest.fixture
def plain_api() -> Iterator[Stubber]:
    with Stubber(botocore.session.get_session().create_client("lambda", region_name="us-east-1")) as stubber:
        yield stubber


def test_the_bucket_comes_from_the_functions_settings(plain_api: Stubber) -> None:
    """Without `BUCKET`, the function is measured in the bucket of its RESIZER_BUCKETS."""
    assert find_target(account_with(plain_api, ENVIRONMENT), FUNCTION, None) == TARGET


@pytest.mark.parametrize(
    ("environment", "bucket", "message"),
    [
        ({}, None, "BUCKET="),
        (ENVIRONMENT, "other", r"serves only photos \(RESIZER_BUCKETS\), not other"),
        ({"RESIZER_WIDTHS": "many"}, BUCKET, "RESIZER_WIDTHS"),
    ],
)
def test_an_unsuitable_bucket_is_refused_beforehand(
    plain_api: Stubber, environment: dict[str, str], bucket: str | None, message: str
) -> None:
    """If the function would not resize in the bucket, nothing is changed."""
    with pytest.raises(UsageError, match=message):
        find_target(account_with(plain_api, environment), FUNCTION, bucket)


def test_a_function_invoked_without_an_alias_is_refused(plain_api: Stubber) -> None:
    """Events that invoke the function without an alias would get the settings of the benchmark."""
    with pytest.raises(UsageError, match="without an alias"):
        find_target(account_with(plain_api, ENVIRONMENT, invoked=True), FUNCTION, None)


def test_an_output_bucket_is_where_the_function_is_measured(plain_api: Stubber) -> None:
    """Uploads to the source bucket would trigger the function, so only the output bucket is used."""
    elsewhere = {**ENVIRONMENT, "RESIZER_OUTPUT_BUCKET": "thumbs"}
    for bucket in (None, "thumbs"):
        assert find_target(account_with(plain_api, elsewhere), FUNCTION, bucket).bucket == "thumbs"
    with pytest.raises(UsageError, match=f"measure there, not in {BUCKET}"):
        find_target(account_with(plain_api, elsewhere), FUNCTION, BUCKET)
