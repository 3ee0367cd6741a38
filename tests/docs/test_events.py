"""The examples of docs/events.md work as printed."""

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
BLOCKS = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
EXAMPLES = list(zip(BLOCKS[::2], BLOCKS[1::2], strict=True))


def invoke(event: dict[str, Any]) -> dict[str, Any]:
    """The handler's answer after a round trip through JSON."""
    answer: dict[str, Any] = json.loads(json.dumps(handler.lambda_handler(event, context())))
    return answer


@pytest.fixture
def bucket(s3: Any) -> Any:
    """A bucket with the page's objects; `deleted.jpg` was resized and then deleted."""
    picture = samples()["landscape.jpg"]
    for key, body in (("cat.jpg", picture), ("deleted.jpg", picture), ("note.txt", b"text")):
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    invoke({"data": {"bucket": BUCKET, "key": "deleted.jpg", "widths": [200]}})
    s3.delete_object(Bucket=BUCKET, Key="deleted.jpg")
    return s3


@pytest.mark.parametrize(("event", "answer"), EXAMPLES, ids=lambda block: json.dumps(block)[:60])
def test_every_example_gets_the_answer_on_the_page(bucket: Any, event: dict[str, Any], answer: dict[str, Any]) -> None:
    """Each event gets the answer below it, except for `bytes`, which depends on the libraries."""
    actual = invoke(event)
    for result in (*actual["results"], *answer["results"]):
        for rendition in result["renditions"]:
            assert rendition.pop("bytes") > 0
    assert actual == answer


def test_all_examples_are_found() -> None:
    """The page has five examples: widths, a rejection, an invalid event, a warm-up, a removal."""
    assert len(EXAMPLES) == 5


def test_the_loop_over_a_bucket_resizes_it(
    bucket: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page's loop resizes the objects in a bucket, prints each outcome, and can be run again."""

    class Lambda:
        def invoke(self, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803 # boto3's names
            return {"Payload": io.BytesIO(json.dumps(invoke(json.loads(Payload))).encode())}

    [loop] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    client = boto3.client
    monkeypatch.setattr(boto3, "client", lambda name: Lambda() if name == "lambda" else client(name))
    for cat in ("resized cat.jpg", "skipped cat.jpg"):
        exec(loop, {})  # noqa: S102 # the page's own code
        printed = capsys.readouterr().out
        assert cat in printed
        assert "rejected note.txt {'type': 'not_an_image'" in printed
    assert bucket.head_object(Bucket=BUCKET, Key="resized/480-cat.jpg")["ContentLength"] > 0


def test_aws_accepts_the_batch_job() -> None:
    """The job's parameters are valid by botocore's model of CreateJob."""
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
