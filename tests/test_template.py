"""The template as CloudFormation gets it: what the stack may do, what it may not, and that it cannot loop unasked."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import product
from typing import Any

import pytest
from samtranslator.translator.transform import transform

from resizer.local.runtime.template import Stack, load
from resizer.settings import Settings
from resizer.variables import VARIABLES
from tests.conftest import PROJECT
from tests.policies import allowed, listed

ACCOUNT = "123456789012"
BUCKET_ARN = "arn:aws:s3:::photos"
ARNS = {
    "FailureQueue.Arn": "arn:queue:failures",
    "RejectionsQueue.Arn": "arn:queue:rejections",
    "ResizeLargeFunctionAliaslive": "arn:function:large:live",
    "ResizeFunctionAliaslive": "arn:function:small:live",
    "ResizeLogs.Arn": "arn:logs:small:*",
    "ResizeLargeLogs.Arn": "arn:logs:large:*",
    "UploadRule.Arn": "arn:rule:uploads",
    "RejectionsQueue": "https://queues/rejections",
}
KEY = "arn:aws:kms:us-east-1:123456789012:key/one"


@cache
def transformed() -> dict[str, Any]:
    """The template after the serverless transform, with the code's place filled in as `sam package` does."""
    document = load(PROJECT / "template.yaml")
    document["Globals"]["Function"]["CodeUri"] = "s3://code/function"
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = "s3://code/layer"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")  # the transform asks this machine for a region
        template: dict[str, Any] = json.loads(json.dumps(transform(document, {}, _NoManagedPolicies())))
    return template


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


def stack(**parameters: str) -> Stack:
    return Stack.of(transformed(), {"BucketName": "photos", **parameters}, ARNS)


def properties(name: str, **parameters: str) -> dict[str, Any]:
    found: dict[str, Any] = stack(**parameters).resources()[name]["Properties"]
    return found


def of_type(kind: str, **parameters: str) -> dict[str, dict[str, Any]]:
    resources = stack(**parameters).resources()
    return {name: each["Properties"] for name, each in resources.items() if each["Type"] == kind}


def statements(role: str, **parameters: str) -> list[dict[str, Any]]:
    (policy,) = properties(role, **parameters)["Policies"]
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return found


# ---- least privilege ----

MAY = [
    ("s3:GetObject", f"{BUCKET_ARN}/cat.jpg", True),
    ("s3:GetObject", f"{BUCKET_ARN}/resized/480-cat.jpg", True),  # HEAD, and If-Match on renditions
    ("s3:ListBucket", BUCKET_ARN, True),  # else S3 says 403 for what is gone
    ("s3:PutObject", f"{BUCKET_ARN}/resized/480-cat.jpg", True),
    ("s3:DeleteObject", f"{BUCKET_ARN}/resized/480-cat.jpg", True),
    ("s3:PutObject", f"{BUCKET_ARN}/cat.jpg", False),
    ("s3:DeleteObject", f"{BUCKET_ARN}/cat.jpg", False),
    ("s3:DeleteObjectVersion", f"{BUCKET_ARN}/cat.jpg", False),
    ("s3:PutObject", f"{BUCKET_ARN}/Resized/cat.jpg", False),
    ("s3:GetObject", "arn:aws:s3:::other/cat.jpg", False),
    ("s3:PutObject", "arn:aws:s3:::other/resized/cat.jpg", False),
    ("s3:DeleteBucket", BUCKET_ARN, False),
    ("s3:PutBucketPolicy", BUCKET_ARN, False),
    ("sqs:SendMessage", "arn:queue:failures", True),
    ("sqs:SendMessage", "arn:queue:rejections", True),
    ("sqs:ReceiveMessage", "arn:queue:failures", False),
    ("sqs:SendMessage", "arn:queue:other", False),
    ("logs:CreateLogGroup", "arn:logs:small:*", False),
    ("kms:Decrypt", KEY, False),
    ("iam:PassRole", "arn:aws:iam::123456789012:role/any", False),
]


@pytest.mark.parametrize("role", ["ResizeRole", "ResizeLargeRole"])
@pytest.mark.parametrize(("action", "resource", "expected"), MAY)
def test_what_a_function_may_do(role: str, action: str, resource: str, *, expected: bool) -> None:
    """Each function reads the bucket, writes below resized/ only, and sends to its two queues."""
    assert allowed(statements(role), action, resource) is expected


@pytest.mark.parametrize(
    ("role", "action", "resource", "expected"),
    [
        ("ResizeRole", "lambda:InvokeFunction", "arn:function:large:live", True),
        ("ResizeRole", "lambda:InvokeFunction", "arn:function:small:live", False),
        ("ResizeLargeRole", "lambda:InvokeFunction", "arn:function:large:live", False),
        ("ResizeRole", "logs:PutLogEvents", "arn:logs:small:log-stream:one", True),
        ("ResizeRole", "logs:PutLogEvents", "arn:logs:large:log-stream:one", False),
        ("ResizeLargeRole", "logs:PutLogEvents", "arn:logs:large:log-stream:one", True),
    ],
)
def test_what_only_one_function_may_do(role: str, action: str, resource: str, *, expected: bool) -> None:
    """The small function may invoke the large one, never the other way round; each has its own log."""
    assert allowed(statements(role), action, resource) is expected


@pytest.mark.parametrize("role", ["ResizeRole", "ResizeLargeRole"])
def test_writes_elsewhere_are_denied_whatever_else_allows_them(role: str) -> None:
    """Even beside a policy that allows all of S3, nothing outside resized/ can be written."""
    generous = [*statements(role), {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]
    assert not allowed(generous, "s3:PutObject", f"{BUCKET_ARN}/cat.jpg")
    assert not allowed(generous, "s3:DeleteObject", f"{BUCKET_ARN}/cat.jpg")
    assert allowed(generous, "s3:PutObject", f"{BUCKET_ARN}/resized/480-cat.jpg")


@pytest.mark.parametrize("role", ["ResizeRole", "ResizeLargeRole"])
def test_no_wildcards(role: str) -> None:
    """One policy a function, no `*` among its actions or as a resource, but for X-Ray, which has no resources."""
    for statement in statements(role, KmsKeyArn=KEY):
        assert not [action for action in listed(statement["Action"]) if "*" in action]
        if statement["Sid"] != "SendTraces":
            assert "*" not in listed(statement.get("Resource", statement.get("NotResource")))
    assert "SendTraces" not in {each["Sid"] for each in statements(role, Tracing="PassThrough")}
    assert "ManagedPolicyArns" not in properties(role)


def test_a_key_can_be_used_only_where_one_is_given() -> None:
    """With a key of one's own the functions may use that key, and no other."""
    assert allowed(statements("ResizeRole", KmsKeyArn=KEY), "kms:GenerateDataKey", KEY)
    assert not allowed(statements("ResizeRole", KmsKeyArn=KEY), "kms:Decrypt", KEY.replace("one", "two"))


# ---- who may invoke, and when ----


def test_the_invoke_permissions_name_bucket_rule_and_account() -> None:
    """S3 may invoke for this bucket of this account only, EventBridge for this rule only, others not at all."""
    (bucket,) = of_type("AWS::Lambda::Permission", Trigger="s3", SourcePrefix="in/").values()
    assert bucket["SourceAccount"] == ACCOUNT
    assert bucket["SourceArn"] == BUCKET_ARN
    assert bucket["FunctionName"] == "arn:function:small:live"
    (rule,) = of_type("AWS::Lambda::Permission").values()
    assert (rule["Principal"], rule["SourceArn"]) == ("events.amazonaws.com", "arn:rule:uploads")
    assert properties("InvokeByAccount", InvokerAccount="210987654321")["Principal"] == "210987654321"


@pytest.mark.parametrize(
    ("trigger", "prefix", "asked", "make"),
    list(product(["s3", "eventbridge"], ["", "in/"], ["no", "yes"], ["yes", "no"])),
)
def test_recursion_needs_to_be_asked_for_by_name(trigger: str, prefix: str, asked: str, make: str) -> None:
    """An S3 notification without a source prefix is refused unless its parameter says yes; all else is fine."""
    told = stack(Trigger=trigger, SourcePrefix=prefix, AllowOwnOutputToInvoke=asked, MakeBucket=make)
    loops = trigger == "s3" and not prefix and asked == "no"
    assert bool(told.broken_rules()) is loops
    if loops:
        assert "SourcePrefix" in told.broken_rules()[0]


@pytest.mark.parametrize(("trigger", "prefix"), list(product(["s3", "eventbridge"], ["", "in/"])))
def test_renditions_reach_the_function_only_where_that_was_asked_for(trigger: str, prefix: str) -> None:
    """By the trigger's own filter, uploads come in and renditions do not, but for the combination asked for by name."""
    told = stack(Trigger=trigger, SourcePrefix=prefix, AllowOwnOutputToInvoke="yes").resources()
    assert invokes(told, f"{prefix}cat.jpg")
    assert invokes(told, f"resized/480-{prefix}cat.jpg") is (trigger == "s3" and not prefix)


@pytest.mark.parametrize("prefix", ["resized/", "resized/in/", "r", "res", "photos", "/x"])
def test_source_prefixes_that_could_match_renditions_are_refused(prefix: str) -> None:
    """A source prefix is empty or ends in a slash, and is never below resized/, nor the start of it."""
    pattern = transformed()["Parameters"]["SourcePrefix"]["AllowedPattern"]
    assert not re.fullmatch(pattern, prefix)
    assert re.fullmatch(pattern, "uploads/")
    assert re.fullmatch(pattern, "")


def invokes(resources: dict[str, Any], key: str) -> bool:
    """Whether storing this key would invoke the function, by the bucket's notification or the rule's pattern."""
    notification = resources["Images"]["Properties"]["NotificationConfiguration"]
    for configured in notification.get("LambdaConfigurations", ()):
        if configured["Event"] == "s3:ObjectCreated:*":
            rules = configured.get("Filter", {}).get("S3Key", {}).get("Rules", ())
            return all(key.startswith(rule["Value"]) for rule in rules)
    if "UploadRule" in resources and notification.get("EventBridgeConfiguration"):
        (pattern,) = resources["UploadRule"]["Properties"]["EventPattern"]["detail"]["object"]["key"]
        unwanted = pattern.get("anything-but", {}).get("prefix")
        return not key.startswith(unwanted) if unwanted else key.startswith(pattern["prefix"])
    return False


def test_deletions_come_only_where_renditions_follow_their_source() -> None:
    """With OnDelete=keep no deletion invokes the function."""
    kept = properties("UploadRule", OnDelete="keep")["EventPattern"]["detail-type"]
    assert kept == ["Object Created"]
    assert properties("UploadRule")["EventPattern"]["detail-type"] == ["Object Created", "Object Deleted"]
    notified = properties("Images", Trigger="s3", SourcePrefix="in/", OnDelete="keep")["NotificationConfiguration"]
    assert [each["Event"] for each in notified["LambdaConfigurations"]] == ["s3:ObjectCreated:*"]
    notified = properties("Images", Trigger="s3", SourcePrefix="in/")["NotificationConfiguration"]
    assert [each["Event"] for each in notified["LambdaConfigurations"]] == [
        "s3:ObjectCreated:*",
        "s3:ObjectRemoved:*",
        "s3:LifecycleExpiration:*",
    ]
    assert {str(each["Filter"]) for each in notified["LambdaConfigurations"]} == {
        str({"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}})
    }


# ---- the functions ----


@pytest.mark.parametrize("name", ["ResizeFunction", "ResizeLargeFunction"])
def test_the_functions(name: str) -> None:
    """Python 3.13, JSON logs into a group of their own, tracing by Lambda, the settings passed on and accepted."""
    function = properties(name)
    assert function["Runtime"] == "python3.13"
    assert function["Handler"] == "resizer.handler.lambda_handler"
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["LoggingConfig"]["LogFormat"] == "JSON"
    assert function["Architectures"] == ["x86_64"]
    assert "ReservedConcurrentExecutions" not in function
    variables = {key: str(value) for key, value in function["Environment"]["Variables"].items()}
    settings = Settings.from_env(variables)
    assert settings.widths == (1000, 640, 480)
    assert settings.output_prefix == "resized/"
    assert settings.buckets == frozenset({"photos"})
    assert variables["RESIZER_BUCKET_OWNER"] == ACCOUNT
    assert {name for name in VARIABLES if name.startswith("RESIZER_")} <= variables.keys() | {"RESIZER_LARGE_FUNCTION"}


def test_two_tiers() -> None:
    """The large function is the same code with more memory, and has nobody to hand over to."""
    small, large = properties("ResizeFunction"), properties("ResizeLargeFunction")
    assert small["Environment"]["Variables"]["RESIZER_LARGE_FUNCTION"] == "arn:function:large:live"
    assert "RESIZER_LARGE_FUNCTION" not in large["Environment"]["Variables"]
    assert int(small["MemorySize"]) < int(large["MemorySize"])
    assert (small["Code"], small["Layers"], small["Timeout"]) == (large["Code"], large["Layers"], large["Timeout"])


def test_parameters_reach_the_functions() -> None:
    """Memory, time limit, architecture, layers and concurrency are what the operator says."""
    arm = properties("ResizeFunction", Architecture="arm64", MemorySize="1024", ReservedConcurrency="7", Heic="yes")
    assert (arm["Architectures"], int(arm["MemorySize"])) == (["arm64"], 1024)
    assert arm["ReservedConcurrentExecutions"] == "7"
    assert [re.sub("Layer.*", "", layer["Ref"]) for layer in arm["Layers"]] == ["DependenciesArm", "HeicArm"]
    plain = properties("ResizeFunction")["Layers"]
    assert [re.sub("Layer.*", "", layer["Ref"]) for layer in plain] == ["DependenciesX86"]


def test_failures_land_in_a_queue() -> None:
    """What fails is tried twice more for six hours at most, and then waits in an encrypted queue for two weeks."""
    invoking = of_type("AWS::Lambda::EventInvokeConfig")
    assert len(invoking) == 2
    for each in invoking.values():
        assert each["Qualifier"] == "live"
        assert (each["MaximumRetryAttempts"], each["MaximumEventAgeInSeconds"]) == (2, 21600)
        assert each["DestinationConfig"]["OnFailure"]["Destination"] == "arn:queue:failures"
    for queue in of_type("AWS::SQS::Queue").values():
        assert queue["SqsManagedSseEnabled"] is True
        assert queue["MessageRetentionPeriod"] == 1209600
    for queue in of_type("AWS::SQS::Queue", KmsKeyArn=KEY).values():
        assert queue["KmsMasterKeyId"] == KEY


def test_new_versions_are_shifted_to_gradually() -> None:
    """The alias `live` moves by a canary, back on the error alarm, and the trigger points to the alias."""
    (group,) = of_type("AWS::CodeDeploy::DeploymentGroup").values()
    assert "Canary10Percent5Minutes" in json.dumps(group["DeploymentConfigName"])
    assert group["AutoRollbackConfiguration"]["Enabled"] is True
    assert group["AlarmConfiguration"]["Alarms"] == [{"Name": {"Ref": "ErrorsAlarm"}}]
    assert {each["Name"] for each in of_type("AWS::Lambda::Alias").values()} == {"live"}
    assert properties("UploadRule")["Targets"][0]["Arn"] == "arn:function:small:live"


def test_logs_are_kept_for_as_long_as_said() -> None:
    """Each function has an explicit log group with a retention."""
    groups = of_type("AWS::Logs::LogGroup", LogRetentionDays="7")
    assert {str(each["RetentionInDays"]) for each in groups.values()} == {"7"}
    assert len(groups) == 2


# ---- the bucket ----


def test_the_bucket_is_closed() -> None:
    """No public access, TLS only, encrypted, owned by this account, no uploads left half done."""
    bucket = properties("Images")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert bucket["LifecycleConfiguration"]["Rules"][0]["AbortIncompleteMultipartUpload"]
    (statement,) = properties("ImagesPolicy")["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    (keyed,) = properties("Images", KmsKeyArn=KEY)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert keyed["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}


def test_the_bucket_is_kept_unless_said_otherwise() -> None:
    """Deleting the stack keeps the images by default."""
    assert stack().resources()["Images"]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert stack(RemovalPolicy="Delete").resources()["Images"]["DeletionPolicy"] == "Delete"
    assert properties("Images", BucketVersioning="Enabled")["VersioningConfiguration"] == {"Status": "Enabled"}


def test_an_existing_bucket_is_left_alone() -> None:
    """With a bucket of one's own none is made, and the stack says how to wire it."""
    told = stack(MakeBucket="no")
    assert not {"Images", "ImagesPolicy"} & told.resources().keys()
    command = told.resolve(transformed()["Outputs"]["NotificationCommand"]["Value"])
    assert command.endswith("""--notification-configuration '{"EventBridgeConfiguration":{}}'""")
    by_s3 = stack(MakeBucket="no", Trigger="s3", SourcePrefix="in/")
    command = by_s3.resolve(transformed()["Outputs"]["NotificationCommand"]["Value"])
    configured = json.loads(command.split("'")[1])["LambdaFunctionConfigurations"][0]
    assert configured["LambdaFunctionArn"] == "arn:function:small:live"
    assert configured["Filter"]["Key"]["FilterRules"] == [{"Name": "prefix", "Value": "in/"}]


# ---- alarms and dashboard ----


def test_alarms_reach_the_operator() -> None:
    """Errors, throttles, time, both queues and waiting events have alarms that publish to the e-mail's topic."""
    alarms = of_type("AWS::CloudWatch::Alarm", AlarmEmail="ops@example.org")
    assert {name.removesuffix("Alarm") for name in alarms} == {
        *("Errors", "LargeErrors", "Throttles", "LargeThrottles", "Duration", "LargeDuration"),
        *("Failures", "Rejections", "OldestFailure", "OldestEvent"),
    }
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [{"Ref": "Alarms"}]
        assert alarm["TreatMissingData"] == "notBreaching"
    assert properties("AlarmsByEmail", AlarmEmail="ops@example.org")["Endpoint"] == "ops@example.org"
    assert "AlarmsByEmail" not in stack().resources()
    expression = properties("DurationAlarm", TimeoutSeconds="30")["Metrics"][1]["Expression"]
    assert expression == "slowest / (30 * 10)"  # milliseconds as percent of 30 seconds


def test_two_stacks_keep_their_figures_apart() -> None:
    """Metrics carry the stack's name, and the dashboard asks for those of its own stack only."""
    function = transformed()["Resources"]["ResizeFunction"]["Properties"]
    assert function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}
    body = transformed()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][0]
    assert set(re.findall(r'"Resizer", "\w+", "(\w+)", "([^"]+)"', body)) == {("service", "${AWS::StackName}")}
    assert re.findall(r'SEARCH\(.*?service=\\"(.*?)\\"', body) == ["${AWS::StackName}"]


def test_the_dashboard_shows_what_it_promises() -> None:
    """It is JSON, and has images, rejections by reason, percentiles, cold starts and the cost of a million."""
    body = json.loads(properties("Dashboard", Architecture="arm64")["DashboardBody"])
    text = json.dumps(body)
    for part in ("Images", "Renditions", "reason", "p50", "p99", "ColdStart", "billedDurationMs", "0.0000133334"):
        assert part in text
    named = set(re.findall(r"\$\{(\w+)[.}]", text))  # what only the deployed stack knows
    assert named == {
        "ResizeFunction",
        "ResizeLargeFunction",
        "ResizeLogs",
        "ResizeLargeLogs",
        "FailureQueue",
        "RejectionsQueue",
    }
