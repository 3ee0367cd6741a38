"""With an output bucket the functions write only there, and its events invoke nothing."""

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
    """The command in a stack output: the words before its JSON, and the JSON."""
    text: str = stack(**parameters).resolve(transformed()["Outputs"][name]["Value"])
    before, document, after = text.split("'")
    assert not after
    return before, json.loads(document)


@pytest.mark.parametrize("role", ROLES)
def test_the_functions_write_only_to_the_output_bucket(role: str) -> None:
    """Both functions read the source bucket, write to the output bucket, and may list both."""
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
def test_without_a_prefix_the_whole_output_bucket_is_writable(role: str) -> None:
    """An empty prefix allows writes to the whole output bucket, and none to the source bucket."""
    may = statements(role, **OUTPUT, OutputPrefix="")
    assert allowed(may, "s3:PutObject", f"{OUTPUT_ARN}/480-cat.jpg")
    assert not allowed(may, "s3:PutObject", f"{BUCKET_ARN}/480-cat.jpg")


@pytest.mark.parametrize("role", ROLES)
def test_the_output_prefix_limits_writes(role: str) -> None:
    """In the source bucket only keys below the output prefix can be written."""
    may = statements(role, OutputPrefix="small/")
    assert allowed(may, "s3:PutObject", f"{BUCKET_ARN}/small/480-cat.jpg")
    assert not allowed(may, "s3:PutObject", f"{BUCKET_ARN}/resized/480-cat.jpg")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"OutputBucket": "photos"}, "must be different"),
        ({"OutputPrefix": ""}, "only with an OutputBucket"),
        ({**OUTPUT, "OutputPrefix": ""}, ""),
        ({**OUTPUT, "Trigger": "s3"}, ""),
        ({**OUTPUT, "Trigger": "sqs", "OutputPrefix": ""}, ""),
        ({"Trigger": "s3"}, "Set OutputBucket or SourcePrefix"),
    ],
)
def test_parameters_that_allow_a_loop_are_refused(parameters: dict[str, str], message: str) -> None:
    """The two buckets must differ, and without an output bucket Trigger=s3 needs a source prefix."""
    broken = stack(**parameters).broken_rules()
    assert len(broken) == bool(message)
    assert message in "".join(broken)


def test_prefixes_that_do_not_fit_a_policy_are_refused() -> None:
    """A prefix has no policy wildcard or quote, and ends with a slash."""
    for prefix in ["/", "/x/", "resized", "a*/", "a?/", "${x}/", "a'/", "a b/", "é/"]:
        pattern = transformed()["Parameters"]["OutputPrefix"]["AllowedPattern"]
        assert not re.fullmatch(pattern, prefix)
        for valid in ("", "resized/", "a/", "shop/small_(1).x/"):
            assert re.fullmatch(pattern, valid)


@pytest.mark.parametrize("trigger", ["eventbridge", "s3", "sqs"])
@pytest.mark.parametrize("prefix", ["", "in/"])
def test_only_the_source_bucket_sends_events(trigger: str, prefix: str) -> None:
    """The source bucket sends events for all keys below the source prefix; the output bucket sends none."""
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


def test_the_functions_get_valid_settings() -> None:
    """Both functions get output bucket and prefix, and valid settings."""
    for name in ("ResizeFunction", "ResizeLargeFunction"):
        variables = properties(name, **OUTPUT, OutputPrefix="")["Environment"]["Variables"]
        settings = Settings.from_env({key: str(value) for key, value in variables.items()})
        assert (settings.output_bucket, settings.output_prefix) == ("thumbs", "")


def test_the_output_bucket_is_private_and_kept() -> None:
    """The output bucket is as private as the source bucket, and is kept unless RemovalPolicy=Delete."""
    images, renditions = properties("Images"), properties("Renditions", **OUTPUT)
    for part in ("PublicAccessBlockConfiguration", "OwnershipControls", "BucketEncryption"):
        assert renditions[part] == images[part]
    (tls,) = properties("RenditionsPolicy", **OUTPUT)["PolicyDocument"]["Statement"]
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert tls["Resource"] == [OUTPUT_ARN, f"{OUTPUT_ARN}/*"]
    assert stack(**OUTPUT).resources()["Renditions"]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert stack(**OUTPUT, RemovalPolicy="Delete").resources()["Renditions"]["DeletionPolicy"] == "Delete"


@pytest.mark.parametrize("parameters", [{}, {**OUTPUT, "MakeOutputBucket": "no"}])
def test_an_existing_output_bucket_is_not_created(parameters: dict[str, str]) -> None:
    """Without OutputBucket, or with MakeOutputBucket=no, no bucket is created; the roles' policy is the same."""
    assert not {"Renditions", "RenditionsPolicy"} & stack(**parameters).resources().keys()
    assert len(of_type("AWS::S3::Bucket", **parameters)) == 1
    if parameters:
        assert statements("ResizeRole", **parameters) == statements("ResizeRole", **OUTPUT)


def test_no_lifecycle_rule_deletes_an_image() -> None:
    """In a versioned source bucket without renditions, nothing expires."""
    (rule,) = properties("Images", **OUTPUT, OutputPrefix="", BucketVersioning="Enabled")["LifecycleConfiguration"][
        "Rules"
    ]
    assert rule["Id"] == "AbortIncompleteUploads"


@pytest.mark.parametrize("role", ROLES)
def test_the_output_buckets_kms_key_is_the_only_one_allowed(role: str) -> None:
    """The roles may use the output bucket's own KMS key; without one, a new bucket has the stack's key."""
    for action in ("kms:Decrypt", "kms:GenerateDataKey"):
        assert allowed(statements(role, **OUTPUT, OutputBucketKmsKeyArn=THEIR_KEY), action, THEIR_KEY)
        assert not allowed(statements(role, **OUTPUT, OutputBucketKmsKeyArn=THEIR_KEY), action, KEY)
    for parameters, key in (({"KmsKeyArn": KEY}, KEY), ({"OutputBucketKmsKeyArn": THEIR_KEY}, THEIR_KEY)):
        encryption = properties("Renditions", **OUTPUT, **parameters)["BucketEncryption"]
        (rule,) = encryption["ServerSideEncryptionConfiguration"]
        expected = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
        assert (rule["ServerSideEncryptionByDefault"], rule["BucketKeyEnabled"]) == (expected, True)


@pytest.mark.parametrize(
    ("parameters", "bucket", "resource"),
    [
        ({}, "photos", "photos/resized/*"),
        (OUTPUT, "thumbs", "thumbs/resized/*"),
        ({**OUTPUT, "OutputPrefix": ""}, "thumbs", "thumbs/*"),
    ],
)
def test_cloudfront_can_read_only_renditions(parameters: dict[str, str], bucket: str, resource: str) -> None:
    """The policy lets one distribution read renditions, and keeps the TLS statement of the stack's own policy."""
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
        "Resource": f"arn:aws:s3:::{resource}",
        "Condition": {"StringEquals": {"AWS:SourceArn": f"arn:aws:cloudfront::{ACCOUNT}:distribution/EXAMPLE"}},
    }


def test_the_documents_show_the_outputs_policies() -> None:
    """docs/serving.md shows the same bucket policy and CORS rule as the outputs."""
    page = (PROJECT / "docs" / "serving.md").read_text(encoding="utf-8")
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    for name in ("CloudFrontPolicyCommand", "CorsCommand"):
        assert command(name, OutputBucket="my-thumbnails")[1] in blocks


def test_the_cors_rule_allows_only_reading() -> None:
    """The CORS rule allows GET and HEAD for the given origins, and nothing else."""
    before, rules = command("CorsCommand", **OUTPUT)
    assert before == "aws s3api put-bucket-cors --bucket thumbs --cors-configuration "
    (rule,) = rules["CORSRules"]
    assert rule["AllowedMethods"] == ["GET", "HEAD"]
    assert rule["AllowedOrigins"] == ["https://www.example.com"]


def test_the_outputs_say_where_renditions_are() -> None:
    """The output bucket's name is an output, and a notification without a source prefix has no filter."""
    for parameters, bucket in (({}, "photos"), (OUTPUT, "thumbs")):
        assert stack(**parameters).resolve(transformed()["Outputs"]["OutputBucket"]["Value"]) == bucket
    _, notification = command("NotificationCommand", **OUTPUT, MakeBucket="no", Trigger="s3")
    assert "Filter" not in notification["LambdaFunctionConfigurations"][0]
