"""What goes wrong lands in a queue and wakes somebody, and nobody outside reads or loses a picture."""

from __future__ import annotations

import json
import re

import pytest

from tests.conftest import PROJECT
from tests.support.stack import (
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
    """Each alias `live` moves by a canary, and back on alarms; the trigger points to the alias."""
    groups = of_type("AWS::CodeDeploy::DeploymentGroup")
    alarms = {name: each["AlarmConfiguration"]["Alarms"] for name, each in groups.items()}
    large = {"Name": {"Ref": "NewLargeVersionErrorsAlarm"}}
    assert alarms == {
        "ResizeFunctionDeploymentGroup": [{"Name": {"Ref": "NewVersionErrorsAlarm"}}, large],
        "ResizeLargeFunctionDeploymentGroup": [large],
    }
    for group in groups.values():
        assert "Canary10Percent5Minutes" in json.dumps(group["DeploymentConfigName"])
        assert group["AutoRollbackConfiguration"]["Enabled"] is True
    assert {each["Name"] for each in of_type("AWS::Lambda::Alias").values()} == {"live"}
    assert properties("UploadRule")["Targets"][0]["Arn"] == "arn:function:small:live"


@pytest.mark.parametrize(
    ("alarm", "function"),
    [("NewVersionErrorsAlarm", "ResizeFunction"), ("NewLargeVersionErrorsAlarm", "ResizeLargeFunction")],
)
def test_only_errors_of_the_new_version_roll_it_back(alarm: str, function: str) -> None:
    """The alarm counts what the alias sent to the newest version, and each version has an alarm of its own."""
    watched = properties(alarm)
    dimensions = {each["Name"]: each["Value"] for each in watched["Dimensions"]}
    version = properties(f"{function}Aliaslive")["FunctionVersion"]
    assert dimensions == {
        "FunctionName": {"Ref": function},
        "Resource": f"${{{function}}}:live",
        "ExecutedVersion": version,
    }
    assert watched["AlarmName"].endswith(f"${{{version['Fn::GetAtt'][0]}.Version}}")
    assert (watched["Namespace"], watched["MetricName"], watched["Statistic"]) == ("AWS/Lambda", "Errors", "Sum")


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


def test_earlier_versions_of_renditions_expire_and_those_of_images_stay() -> None:
    """A versioned bucket of ours does not keep each rendition that was ever replaced; no rule takes an image."""
    _, rule = properties("Images", NoncurrentRenditionDays="7")["LifecycleConfiguration"]["Rules"]
    assert (rule["Prefix"], rule["NoncurrentVersionExpiration"]) == ("resized/", {"NoncurrentDays": "7"})
    rules = properties("Images")["LifecycleConfiguration"]["Rules"]
    assert str(rules[1]["NoncurrentVersionExpiration"]["NoncurrentDays"]) == "30"
    expiring = [each for each in rules if any("Expir" in name for name in each)]
    assert [each["Prefix"] for each in expiring] == ["resized/"]
    assert not any("ExpirationInDays" in each or "ExpirationDate" in each for each in rules)


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
    by_queue = stack(MakeBucket="no", Trigger="sqs", SourcePrefix="in/")
    command = by_queue.resolve(transformed()["Outputs"]["NotificationCommand"]["Value"])
    (configured,) = json.loads(command.split("'")[1])["QueueConfigurations"]
    assert configured["QueueArn"] == "arn:queue:uploads"
    assert configured["Filter"]["Key"]["FilterRules"] == [{"Name": "prefix", "Value": "in/"}]


def test_alarms_reach_the_operator() -> None:
    """Whatever fails, waits or is lost, in either function or on the way, has an alarm that publishes to the topic."""
    alarms = of_type("AWS::CloudWatch::Alarm", AlarmEmail="ops@example.org")
    both = ("Errors", "Throttles", "Duration", "EventsDropped", "DestinationFailures", "RecursionDropped")
    assert {name.removesuffix("Alarm") for name in alarms} == {
        *both,
        *(f"Large{name}" for name in both),
        *("NewVersionErrors", "NewLargeVersionErrors", "DeadLetters"),
        *("Failures", "Rejections", "OldestFailure", "OldestEvent"),
    }
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [{"Ref": "Alarms"}]
        assert alarm["TreatMissingData"] == "notBreaching"
    assert properties("AlarmsByEmail", AlarmEmail="ops@example.org")["Endpoint"] == "ops@example.org"
    assert "AlarmsByEmail" not in stack().resources()
    assert "OldestUploadAlarm" in of_type("AWS::CloudWatch::Alarm", Trigger="sqs", SourcePrefix="in/")
    expression = properties("DurationAlarm", TimeoutSeconds="30")["Metrics"][1]["Expression"]
    assert expression == "slowest / (30 * 10)"  # milliseconds as percent of 30 seconds


@pytest.mark.parametrize("metric", ["AsyncEventsDropped", "DestinationDeliveryFailures", "RecursiveInvocationsDropped"])
def test_one_lost_event_is_enough_for_an_alarm(metric: str) -> None:
    """Each way in which Lambda loses an event has an alarm for each function, which goes off at the first."""
    watching = [each for each in of_type("AWS::CloudWatch::Alarm").values() if each.get("MetricName") == metric]
    functions = [{"Ref": "ResizeFunction"}, {"Ref": "ResizeLargeFunction"}]
    assert [each["Dimensions"] for each in watching] == [[{"Name": "FunctionName", "Value": one}] for one in functions]
    for each in watching:
        assert (each["Namespace"], each["Statistic"]) == ("AWS/Lambda", "Sum")
        assert (each["Threshold"], each["ComparisonOperator"]) == (0, "GreaterThanThreshold")


def test_what_eventbridge_loses_has_an_alarm() -> None:
    """Where the rule cannot even send to the failure queue somebody hears of it; without a rule there is no alarm."""
    alarm = properties("DeadLettersAlarm")
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Events", "InvocationsFailedToBeSentToDlq")
    assert alarm["Dimensions"] == [{"Name": "RuleName", "Value": {"Ref": "UploadRule"}}]
    assert "DeadLettersAlarm" not in stack(Trigger="s3", SourcePrefix="in/").resources()


def test_each_alarm_has_its_line_in_the_operators_page() -> None:
    """The table of docs/operating.md names every alarm, and none that is not there."""
    page = (PROJECT / "docs" / "operating.md").read_text(encoding="utf-8")
    rows = page.partition("| alarm | ")[2].partition("\n\n")[0].splitlines()[2:]
    named = {name.strip() for row in rows for name in row.split("|")[1].split(",")}
    alarms = {name for name, each in transformed()["Resources"].items() if each["Type"] == "AWS::CloudWatch::Alarm"}
    assert named == {name.removesuffix("Alarm") for name in alarms}


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
