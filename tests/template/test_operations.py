"""What goes wrong lands in a queue and wakes somebody, and nobody outside reads or loses a picture."""

from __future__ import annotations

import json
import re

from tests.template.stack import (
    KEY,
    of_type,
    properties,
    stack,
    transformed,
)


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
