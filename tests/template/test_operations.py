"""Failures go to a queue and raise an alarm, and the bucket is private and kept."""

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


def test_failures_go_to_a_queue() -> None:
    """A failed event is retried twice within six hours, then kept in an encrypted queue for two weeks."""
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


def test_new_versions_get_traffic_gradually() -> None:
    """The alias `live` moves by a canary deployment and rolls back on alarms; the trigger invokes the alias."""
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
    """The alarm counts errors of the newest version behind the alias, and each version has its own alarm."""
    definition = properties(alarm)
    dimensions = {each["Name"]: each["Value"] for each in definition["Dimensions"]}
    version = properties(f"{function}Aliaslive")["FunctionVersion"]
    assert dimensions == {
        "FunctionName": {"Ref": function},
        "Resource": f"${{{function}}}:live",
        "ExecutedVersion": version,
    }
    assert definition["AlarmName"].endswith(f"${{{version['Fn::GetAtt'][0]}.Version}}")
    assert (definition["Namespace"], definition["MetricName"], definition["Statistic"]) == (
        "AWS/Lambda",
        "Errors",
        "Sum",
    )


def test_logs_have_the_retention_of_the_parameter() -> None:
    """Each function has its own log group with LogRetentionDays."""
    groups = of_type("AWS::Logs::LogGroup", LogRetentionDays="7")
    assert {str(each["RetentionInDays"]) for each in groups.values()} == {"7"}
    assert len(groups) == 2


def test_the_bucket_is_private() -> None:
    """The bucket has no public access, needs TLS, is encrypted, and aborts incomplete uploads."""
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


def test_the_bucket_is_kept_by_default() -> None:
    """Deleting the stack keeps the images, unless RemovalPolicy=Delete."""
    assert stack().resources()["Images"]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert stack(RemovalPolicy="Delete").resources()["Images"]["DeletionPolicy"] == "Delete"
    assert properties("Images", BucketVersioning="Enabled")["VersioningConfiguration"] == {"Status": "Enabled"}


def test_only_old_versions_of_renditions_expire() -> None:
    """In a versioned bucket replaced renditions expire; no lifecycle rule deletes an image."""
    _, rule = properties("Images", NoncurrentRenditionDays="7")["LifecycleConfiguration"]["Rules"]
    assert (rule["Prefix"], rule["NoncurrentVersionExpiration"]) == ("resized/", {"NoncurrentDays": "7"})
    rules = properties("Images")["LifecycleConfiguration"]["Rules"]
    assert str(rules[1]["NoncurrentVersionExpiration"]["NoncurrentDays"]) == "30"
    expiring = [each for each in rules if any("Expir" in name for name in each)]
    assert [each["Prefix"] for each in expiring] == ["resized/"]
    assert not any("ExpirationInDays" in each or "ExpirationDate" in each for each in rules)


def test_an_existing_bucket_is_not_created() -> None:
    """With MakeBucket=no no bucket is created, and an output has the command that connects yours."""
    existing = stack(MakeBucket="no")
    assert not {"Images", "ImagesPolicy"} & existing.resources().keys()
    command = existing.resolve(transformed()["Outputs"]["NotificationCommand"]["Value"])
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
    """Failures, delays and losses, in either function or on the way, have alarms that publish to the topic."""
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
    assert expression == "slowest / (30 * 10)"  # milliseconds, as a percentage of 30 s


@pytest.mark.parametrize("metric", ["AsyncEventsDropped", "DestinationDeliveryFailures", "RecursiveInvocationsDropped"])
def test_one_lost_event_raises_an_alarm(metric: str) -> None:
    """For each way in which Lambda can lose an event, each function has an alarm with threshold 0."""
    alarms = [each for each in of_type("AWS::CloudWatch::Alarm").values() if each.get("MetricName") == metric]
    functions = [{"Ref": "ResizeFunction"}, {"Ref": "ResizeLargeFunction"}]
    assert [each["Dimensions"] for each in alarms] == [[{"Name": "FunctionName", "Value": one}] for one in functions]
    for each in alarms:
        assert (each["Namespace"], each["Statistic"]) == ("AWS/Lambda", "Sum")
        assert (each["Threshold"], each["ComparisonOperator"]) == (0, "GreaterThanThreshold")


def test_events_lost_by_eventbridge_raise_an_alarm() -> None:
    """If the rule cannot send to the failure queue, an alarm goes off; without a rule there is no such alarm."""
    alarm = properties("DeadLettersAlarm")
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Events", "InvocationsFailedToBeSentToDlq")
    assert alarm["Dimensions"] == [{"Name": "RuleName", "Value": {"Ref": "UploadRule"}}]
    assert "DeadLettersAlarm" not in stack(Trigger="s3", SourcePrefix="in/").resources()


def test_the_documents_list_every_alarm() -> None:
    """The table in docs/operating.md lists exactly the template's alarms."""
    page = (PROJECT / "docs" / "operating.md").read_text(encoding="utf-8")
    rows = page.partition("| alarm | ")[2].partition("\n\n")[0].splitlines()[2:]
    named = {name.strip() for row in rows for name in row.split("|")[1].split(",")}
    alarms = {name for name, each in transformed()["Resources"].items() if each["Type"] == "AWS::CloudWatch::Alarm"}
    assert named == {name.removesuffix("Alarm") for name in alarms}


def test_each_stack_has_its_own_metrics() -> None:
    """Metrics have the stack's name as their service, and the dashboard shows only those."""
    function = transformed()["Resources"]["ResizeFunction"]["Properties"]
    assert function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}
    body = transformed()["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][0]
    assert set(re.findall(r'"Resizer", "\w+", "(\w+)", "([^"]+)"', body)) == {("service", "${AWS::StackName}")}
    assert re.findall(r'SEARCH\(.*?service=\\"(.*?)\\"', body) == ["${AWS::StackName}"]


def test_the_dashboard_has_all_its_widgets() -> None:
    """The dashboard has images, rejections by reason, percentiles, cold starts and the cost per million."""
    body = json.loads(properties("Dashboard", Architecture="arm64")["DashboardBody"])
    text = json.dumps(body)
    for part in ("Images", "Renditions", "reason", "p50", "p99", "ColdStart", "billedDurationMs", "0.0000133334"):
        assert part in text
    named = set(re.findall(r"\$\{(\w+)[.}]", text))  # known only after deployment
    assert named == {
        "ResizeFunction",
        "ResizeLargeFunction",
        "ResizeLogs",
        "ResizeLargeLogs",
        "FailureQueue",
        "RejectionsQueue",
    }
