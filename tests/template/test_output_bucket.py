"""Renditions in a bucket of their own: the function writes there and nowhere else, and nothing can come back."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from resizer.settings import Settings
from tests.conftest import PROJECT
from tests.support.policies import allowed
from tests.support.stack import ACCOUNT, BUCKET_ARN, KEY, of_type, properties, stack, statements, transformed

OUTPUT = {"OutputBucket": "thumbs"}
OUTPUT_ARN = "arn:aws:s3:::thumbs"
THEIR_KEY = "arn:aws:kms:us-east-1:210987654321:key/theirs"
OBJECT_ACTIONS = ("s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject")
ROLES = ["ResizeRole", "ResizeLargeRole"]


def command(name: str, **parameters: str) -> tuple[str, Any]:
    """What an output tells to run, and the JSON in it."""
    text: str = stack(**parameters).resolve(transformed()["Outputs"][name]["Value"])
    before, told, after = text.split("'")
    assert not after
    return before, json.loads(told)


@pytest.mark.parametrize("role", ROLES)
def test_it_reads_here_and_writes_there_only(role: str) -> None:
    """Both functions read images and write renditions, each in its bucket, and ask both buckets what is gone."""
    may = statements(role, **OUTPUT)
    assert allowed(may, "s3:GetObject", f"{BUCKET_ARN}/cat.jpg")
    assert allowed(may, "s3:GetObject", f"{OUTPUT_ARN}/resized/480-cat.jpg")
    assert not allowed(may, "s3:GetObject", f"{OUTPUT_ARN}/other/cat.jpg")
    assert allowed(may, "s3:ListBucket", BUCKET_ARN)
    assert allowed(may, "s3:ListBucket", OUTPUT_ARN)
    generous = [*may, {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]
    for action in OBJECT_ACTIONS:
        assert allowed(may, action, f"{OUTPUT_ARN}/resized/480-cat.jpg")
        for elsewhere in (f"{BUCKET_ARN}/cat.jpg", f"{BUCKET_ARN}/resized/480-cat.jpg", f"{OUTPUT_ARN}/cat.jpg"):
            assert not allowed(generous, action, elsewhere)


@pytest.mark.parametrize("role", ROLES)
def test_without_a_prefix_it_writes_anywhere_there(role: str) -> None:
    """An empty prefix opens the whole output bucket, and still nothing of the source bucket."""
    may = statements(role, **OUTPUT, OutputPrefix="")
    assert allowed(may, "s3:PutObject", f"{OUTPUT_ARN}/480-cat.jpg")
    assert not allowed(may, "s3:PutObject", f"{BUCKET_ARN}/480-cat.jpg")


@pytest.mark.parametrize("role", ROLES)
def test_another_prefix_moves_what_may_be_written(role: str) -> None:
    """Beside the images the output prefix is the only place, whatever it is called."""
    may = statements(role, OutputPrefix="small/")
    assert allowed(may, "s3:PutObject", f"{BUCKET_ARN}/small/480-cat.jpg")
    assert not allowed(may, "s3:PutObject", f"{BUCKET_ARN}/resized/480-cat.jpg")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"OutputBucket": "photos"}, "must be different"),
        ({"OutputPrefix": ""}, "only with an OutputBucket"),
        ({**OUTPUT, "OutputPrefix": ""}, ""),
        ({**OUTPUT, "Trigger": "s3"}, ""),
        ({**OUTPUT, "Trigger": "sqs", "OutputPrefix": ""}, ""),
        ({"Trigger": "s3"}, "Set OutputBucket or SourcePrefix"),
    ],
)
def test_what_could_loop_is_refused_and_s3_needs_no_prefix(parameters: dict[str, str], said: str) -> None:
    """Only beside the images does Trigger=s3 need a source prefix; the two buckets are never the same."""
    broken = stack(**parameters).broken_rules()
    assert len(broken) == bool(said)
    assert said in "".join(broken)


@pytest.mark.parametrize("prefix", ["/", "/x/", "resized", "a*/", "a?/", "${x}/", "a'/", "a b/", "é/"])
def test_prefixes_that_policies_would_misread_are_refused(prefix: str) -> None:
    """A prefix has no wildcard of policies and no quote, and ends in a slash."""
    pattern = transformed()["Parameters"]["OutputPrefix"]["AllowedPattern"]
    assert not re.fullmatch(pattern, prefix)
    for right in ("", "resized/", "a/", "shop/small_(1).x/"):
        assert re.fullmatch(pattern, right)


@pytest.mark.parametrize("trigger", ["eventbridge", "s3", "sqs"])
@pytest.mark.parametrize("prefix", ["", "in/"])
def test_all_uploads_come_in_and_the_output_bucket_tells_nobody(trigger: str, prefix: str) -> None:
    """The source bucket tells of every key, below the source prefix if there is one; the other tells of none."""
    resources = stack(**OUTPUT, Trigger=trigger, SourcePrefix=prefix).resources()
    assert "NotificationConfiguration" not in resources["Renditions"]["Properties"]
    assert "thumbs" not in json.dumps(resources["Images"])
    if trigger == "eventbridge":
        detail = resources["UploadRule"]["Properties"]["EventPattern"]["detail"]
        assert detail["bucket"] == {"name": ["photos"]}
        assert detail["object"]["key"] == [{"prefix": prefix} if prefix else {"exists": True}]
    else:
        kind = {"s3": "LambdaConfigurations", "sqs": "QueueConfigurations"}[trigger]
        for each in resources["Images"]["Properties"]["NotificationConfiguration"][kind]:
            assert ("Filter" in each) is bool(prefix)


def test_the_functions_start_with_it() -> None:
    """Both get bucket and prefix, and settings with which they start."""
    for name in ("ResizeFunction", "ResizeLargeFunction"):
        variables = properties(name, **OUTPUT, OutputPrefix="")["Environment"]["Variables"]
        settings = Settings.from_env({key: str(value) for key, value in variables.items()})
        assert (settings.output_bucket, settings.output_prefix) == ("thumbs", "")


def test_the_bucket_that_we_make_is_private_and_kept() -> None:
    """It is as closed as that of the images, and outlives the stack unless said otherwise."""
    images, renditions = properties("Images"), properties("Renditions", **OUTPUT)
    for part in ("PublicAccessBlockConfiguration", "OwnershipControls", "BucketEncryption"):
        assert renditions[part] == images[part]
    (tls,) = properties("RenditionsPolicy", **OUTPUT)["PolicyDocument"]["Statement"]
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert tls["Resource"] == [OUTPUT_ARN, f"{OUTPUT_ARN}/*"]
    assert stack(**OUTPUT).resources()["Renditions"]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert stack(**OUTPUT, RemovalPolicy="Delete").resources()["Renditions"]["DeletionPolicy"] == "Delete"


@pytest.mark.parametrize("parameters", [{}, {**OUTPUT, "MakeOutputBucket": "no"}])
def test_a_bucket_that_is_there_is_left_alone(parameters: dict[str, str]) -> None:
    """None is made where none is wanted, or where one is there; the policy of the roles is the same."""
    assert not {"Renditions", "RenditionsPolicy"} & stack(**parameters).resources().keys()
    assert len(of_type("AWS::S3::Bucket", **parameters)) == 1
    if parameters:
        assert statements("ResizeRole", **parameters) == statements("ResizeRole", **OUTPUT)


def test_no_lifecycle_rule_takes_an_image() -> None:
    """In a versioned source bucket without renditions nothing expires."""
    (rule,) = properties("Images", **OUTPUT, OutputPrefix="", BucketVersioning="Enabled")["LifecycleConfiguration"][
        "Rules"
    ]
    assert rule["Id"] == "AbortIncompleteUploads"


@pytest.mark.parametrize("role", ROLES)
def test_its_key_may_be_used_and_no_other(role: str) -> None:
    """The output bucket may have a key of its own; that of the stack is for the bucket that we make without one."""
    for action in ("kms:Decrypt", "kms:GenerateDataKey"):
        assert allowed(statements(role, **OUTPUT, OutputBucketKmsKeyArn=THEIR_KEY), action, THEIR_KEY)
        assert not allowed(statements(role, **OUTPUT, OutputBucketKmsKeyArn=THEIR_KEY), action, KEY)
    for parameters, key in (({"KmsKeyArn": KEY}, KEY), ({"OutputBucketKmsKeyArn": THEIR_KEY}, THEIR_KEY)):
        encryption = properties("Renditions", **OUTPUT, **parameters)["BucketEncryption"]
        (rule,) = encryption["ServerSideEncryptionConfiguration"]
        expected = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        assert (rule["ServerSideEncryptionByDefault"], rule["BucketKeyEnabled"]) == (expected, True)


@pytest.mark.parametrize(
    ("parameters", "bucket", "place"),
    [
        ({}, "photos", "photos/resized/*"),
        (OUTPUT, "thumbs", "thumbs/resized/*"),
        ({**OUTPUT, "OutputPrefix": ""}, "thumbs", "thumbs/*"),
    ],
)
def test_cloudfront_may_read_renditions_alone(parameters: dict[str, str], bucket: str, place: str) -> None:
    """The output's policy opens renditions to one distribution, and keeps the statement that the stack's own has."""
    before, policy = command("CloudFrontPolicyCommand", **parameters)
    assert before == f"aws s3api put-bucket-policy --bucket {bucket} --policy "
    tls, reading = policy["Statement"]
    ours = properties("RenditionsPolicy" if "OutputBucket" in parameters else "ImagesPolicy", **parameters)
    assert ours["PolicyDocument"]["Statement"] == [tls]
    assert reading == {
        "Sid": "CloudFrontReadsRenditions",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{place}",
        "Condition": {"StringEquals": {"AWS:SourceArn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/EXAMPLE"}},
    }


def test_the_documents_have_what_the_outputs_have() -> None:
    """docs/serving.md shows the same policy and the same rule."""
    page = (PROJECT / "docs" / "serving.md").read_text(encoding="utf-8")
    told = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    for name in ("CloudFrontPolicyCommand", "CorsCommand"):
        assert command(name, OutputBucket="my-thumbnails")[1] in told


def test_pages_may_read_renditions_by_cors() -> None:
    """The output's rule allows reading, and nothing else, to the origins that are filled in."""
    before, rules = command("CorsCommand", **OUTPUT)
    assert before == "aws s3api put-bucket-cors --bucket thumbs --cors-configuration "
    (rule,) = rules["CORSRules"]
    assert rule["AllowedMethods"] == ["GET", "HEAD"]
    assert rule["AllowedOrigins"] == ["https://www.example.com"]


def test_the_outputs_say_where_renditions_are() -> None:
    """The bucket's name is an output, and a notification without a source prefix has no filter."""
    for parameters, bucket in (({}, "photos"), (OUTPUT, "thumbs")):
        assert stack(**parameters).resolve(transformed()["Outputs"]["OutputBucket"]["Value"]) == bucket
    _, told = command("NotificationCommand", **OUTPUT, MakeBucket="no", Trigger="s3")
    assert "Filter" not in told["LambdaFunctionConfigurations"][0]
