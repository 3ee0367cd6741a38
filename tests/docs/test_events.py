"""The page about events says what is so: its examples are run as they stand there."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import boto3
import pytest
from botocore.session import get_session
from botocore.validate import validate_parameters

from resizer import handler
from resizer.local.samples import samples
from tests.conftest import BUCKET, PROJECT, context

PAGE = (PROJECT / "docs" / "events.md").read_text()
TOLD = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
EXAMPLES = list(zip(TOLD[::2], TOLD[1::2], strict=True))


def invoke(event: dict[str, Any]) -> dict[str, Any]:
    """The handler's answer, as JSON carries it."""
    answer: dict[str, Any] = json.loads(json.dumps(handler.lambda_handler(event, context())))
    return answer


@pytest.fixture
def bucket(s3: Any) -> Any:
    """A bucket with the pictures that the page tells of; one of them was resized and is gone."""
    picture = samples()["landscape.jpg"]
    for key, body in (("cat.jpg", picture), ("deleted.jpg", picture), ("note.txt", b"text")):
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    invoke({"data": {"bucket": BUCKET, "key": "deleted.jpg", "widths": [200]}})
    s3.delete_object(Bucket=BUCKET, Key="deleted.jpg")
    return s3


@pytest.mark.parametrize(("event", "answer"), EXAMPLES, ids=lambda told: json.dumps(told)[:60])
def test_every_example_is_answered_as_the_page_says(bucket: Any, event: dict[str, Any], answer: dict[str, Any]) -> None:
    """Each event of the page gets the answer below it, but for bytes, which change with the libraries."""
    got = invoke(event)
    for result in (*got["results"], *answer["results"]):
        for rendition in result["renditions"]:
            assert rendition.pop("bytes") > 0
    assert got == answer


def test_all_examples_were_found() -> None:
    """The page holds an example of each: widths, a rejection, a senseless event, a warm-up, a removal."""
    assert len(EXAMPLES) == 5


def test_the_loop_over_a_bucket_resizes_it(
    bucket: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The loop of the page resizes what lies in the bucket, tells of each, and may run again."""

    class Lambda:
        def invoke(self, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 # boto3's names
            return {"Payload": io.BytesIO(json.dumps(invoke(json.loads(Payload))).encode())}

    [loop] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    client = boto3.client
    monkeypatch.setattr(boto3, "client", lambda name: Lambda() if name == "lambda" else client(name))
    for cat in ("resized cat.jpg", "skipped cat.jpg"):
        exec(loop, {})  # noqa: S102 # that is the test
        told = capsys.readouterr().out
        assert cat in told
        assert "rejected note.txt {'type': 'not_an_image'" in told
    assert bucket.head_object(Bucket=BUCKET, Key="resized/480-cat.jpg")["ContentLength"] > 0


def test_the_batch_job_is_one_that_aws_takes() -> None:
    """The parameters of the job are known to S3 by these names."""
    [command] = re.findall(r"\$ aws s3control create-job(.*?)```", PAGE, re.DOTALL)
    documents = {name: json.loads(text) for name, text in re.findall(r"--([a-z-]+) '(.*?)'", command, re.DOTALL)}
    model = get_session().get_service_model("s3control").operation_model("CreateJob").input_shape
    job = {
        "AccountId": "123456789012", "Priority": 10, "RoleArn": "arn:aws:iam::123456789012:role/resize-all",
        "ClientRequestToken": "once", "ConfirmationRequired": False, "Operation": documents["operation"],
        "ManifestGenerator": documents["manifest-generator"], "Report": documents["report"],
    }  # fmt: skip
    assert model is not None
    validate_parameters(job, model)
