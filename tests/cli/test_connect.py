"""`resizer connect` adds and removes our notification, and keeps everybody else's."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from resizer.cli import connect as shell
from resizer.cli.commands import app
from resizer.errors import UsageError
from resizer.local.embedded import embedded_aws
from tests.support.event_bridge import with_event_bridge

BUCKET = "their-photos"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:resize:live"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:uploads"
THEIRS = {
    "LambdaFunctionConfigurations": [
        {
            "Id": "thumbs",
            "LambdaFunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:thumbs",
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "docs/"}]}},
        }
    ],
}


class Aws:
    """Clients of the embedded AWS, and the bucket's notifications."""

    def __init__(self) -> None:
        self.s3, self.stacks, self.rules = (boto3.client(each) for each in ("s3", "cloudformation", "events"))

    def notifications(self) -> dict[str, Any]:
        answer = self.s3.get_bucket_notification_configuration(Bucket=BUCKET)
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}

    def deploy(self, trigger: str, **parameters: str) -> None:
        """Create a stack with our template's parameters and outputs."""
        given = {
            "BucketName": BUCKET,
            "MakeBucket": "no",
            "SourcePrefix": "uploads/",
            "OnDelete": "remove",
        } | parameters
        template = {
            "Parameters": {name: {"Type": "String"} for name in ("Trigger", *given)},
            "Resources": {"Failures": {"Type": "AWS::SQS::Queue"}},
            "Outputs": {"Function": {"Value": FUNCTION}, "UploadQueueArn": {"Value": QUEUE}},
        }
        values = [
            {"ParameterKey": name, "ParameterValue": value} for name, value in {"Trigger": trigger, **given}.items()
        ]
        self.stacks.create_stack(StackName="resizer", TemplateBody=json.dumps(template), Parameters=values)


@pytest.fixture
def aws() -> Iterator[Aws]:
    """An AWS with one bucket, which has a notification that is not ours."""
    with embedded_aws(wrap=with_event_bridge):
        server = Aws()
        server.s3.create_bucket(Bucket=BUCKET)
        server.s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration=THEIRS)
        yield server


def connect(*options: str) -> str:
    """Run the command and return what it prints; its errors are raised."""
    done = CliRunner().invoke(app, ["connect", BUCKET, *options], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


@pytest.mark.parametrize(
    ("trigger", "section", "added"),
    [
        ("s3", "LambdaFunctionConfigurations", f"of uploads/* to {FUNCTION}"),
        ("sqs", "QueueConfigurations", f"of uploads/* to {QUEUE}"),
        ("eventbridge", "EventBridgeConfiguration", "all events to EventBridge"),
    ],
)
def test_each_trigger_is_connected_and_removed(aws: Aws, trigger: str, section: str, added: str) -> None:
    """The stack's parameters decide what is added; the other notification never changes."""
    aws.deploy(trigger)
    dry_run = connect("--dry-run")
    assert aws.notifications() == THEIRS
    assert [line for line in dry_run.splitlines() if line.startswith("+ ") and line.endswith(added)]
    assert "  s3:ObjectCreated:* of docs/* to " in dry_run
    assert connect("--yes").startswith(dry_run)
    assert section in aws.notifications()
    assert aws.notifications()["LambdaFunctionConfigurations"][0] == THEIRS["LambdaFunctionConfigurations"][0]
    assert "There is nothing to change." in connect("--yes")
    connect("--remove", "--yes")
    assert aws.notifications() == THEIRS


def test_with_an_output_bucket_no_prefix_is_needed(aws: Aws) -> None:
    """The stack's parameters name the output bucket; with `--to`, `--own-output-bucket` does."""
    aws.deploy("s3", SourcePrefix="", OutputBucket="thumbs", OutputPrefix="")
    aws.s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={})
    connect("--yes")
    connected = aws.notifications()
    (ours,) = connected["LambdaFunctionConfigurations"]
    assert "Filter" not in ours
    connect("--remove", "--yes")
    with pytest.raises(UsageError, match="--own-output-bucket"):
        connect("--to", FUNCTION, "--yes")
    connect("--to", FUNCTION, "--own-output-bucket", "--yes")
    assert aws.notifications() == connected


def test_without_a_stack_the_target_can_be_named(aws: Aws) -> None:
    """`--to` takes the function's ARN, and `--prefix` the source prefix."""
    connect("--to", FUNCTION, "--prefix", "in/", "--no-deletions", "--yes")
    assert aws.notifications()["LambdaFunctionConfigurations"][1]["Events"] == [
        "s3:ObjectCreated:*",
        "s3:ObjectRestore:Completed",
    ]


@pytest.mark.parametrize(
    ("trigger", "parameters", "message"),
    [
        ("s3", {"SourcePrefix": "docs/2026/"}, "of docs/\\* to .*:thumbs"),
        ("s3", {"SourcePrefix": ""}, "invoke the function again"),
        (
            "s3",
            {"SourcePrefix": "small/", "OutputPrefix": "small/x/"},
            "under small/x/ would invoke",
        ),
        ("s3", {"BucketName": "another"}, "serves the bucket another, not their-photos"),
        ("s3", {"MakeBucket": "yes"}, "connected already"),
    ],
)
def test_a_conflict_changes_nothing(aws: Aws, trigger: str, parameters: dict[str, str], message: str) -> None:
    """An overlapping filter, a loop, another bucket: one line says so, and the notifications stay."""
    aws.deploy(trigger, **parameters)
    with pytest.raises(UsageError, match=message):
        connect("--yes")
    assert aws.notifications() == THEIRS


def test_another_programs_stack_is_refused(aws: Aws) -> None:
    """A stack that is not Resizer's is one line that says how to name the right one."""
    template = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
    aws.stacks.create_stack(StackName="shop", TemplateBody=template)
    with pytest.raises(UsageError, match="The stack shop is not a Resizer stack; name yours with --stack"):
        connect("--stack", "shop", "--yes")
    assert aws.notifications() == THEIRS


def test_eventbridge_stays_on_while_another_rule_needs_it(aws: Aws) -> None:
    """`--remove` turns EventBridge off only if no other rule matches the bucket's events."""
    aws.deploy("eventbridge")
    connect("--yes")
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [BUCKET]}}}
    for name, arn in (("ours", FUNCTION), ("audit", QUEUE)):
        aws.rules.put_rule(Name=name, EventPattern=json.dumps(pattern))
        aws.rules.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])
    with pytest.raises(UsageError, match="the rules audit use its events, too"):
        connect("--remove", "--yes")
    aws.rules.remove_targets(Rule="audit", Ids=["1"])
    aws.rules.delete_rule(Name="audit")
    connect("--remove", "--yes")
    assert aws.notifications() == THEIRS


def test_a_change_made_in_the_meantime_is_not_overwritten(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the notifications change while you read the difference, nothing is written."""
    planned = shell.planned

    def planned_then_changed(*arguments: Any, **options: Any) -> Any:
        change = planned(*arguments, **options)
        aws.s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={})
        return change

    monkeypatch.setattr(shell, "planned", planned_then_changed)
    with pytest.raises(UsageError, match="in the meantime"):
        connect("--to", FUNCTION, "--prefix", "in/", "--yes")
    assert aws.notifications() == {}


def test_aws_region_wins_over_aws_default_region(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS_REGION wins over AWS_DEFAULT_REGION, which alone boto3 reads; `--region` wins over both."""
    with embedded_aws():
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name)
        with pytest.raises(UsageError, match=r"specify a region. Set AWS_REGION and AWS_PROFILE"):
            connect("--dry-run")
        monkeypatch.setenv("AWS_REGION", "eu-central-1")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
        regions = [shell.account(region, None).stacks.meta.region_name for region in (None, "eu-west-3")]
        assert regions == ["eu-central-1", "eu-west-3"]


def test_an_unreachable_endpoint_is_not_called_a_missing_region(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message suggests AWS_REGION and AWS_PROFILE only if one of them is the problem."""
    with embedded_aws():
        with monkeypatch.context() as changed:
            changed.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
            changed.setenv("AWS_MAX_ATTEMPTS", "1")
            with pytest.raises(UsageError, match=r'^Could not connect to the endpoint URL: "http://127.0.0.1:1/"\.$'):
                connect("--dry-run")
        with pytest.raises(UsageError, match=r"could not be found\. Set AWS_REGION and AWS_PROFILE"):
            connect("--dry-run", "--profile", "nobody")


@pytest.mark.usefixtures("aws")
def test_an_error_from_aws_is_one_readable_line() -> None:
    """No such stack, no such bucket, no terminal to ask on: each message says what is wrong."""
    with pytest.raises(UsageError, match="Stack with id resizer does not exist"):
        connect()
    with pytest.raises(UsageError, match="add --yes"):
        connect("--to", FUNCTION, "--prefix", "in/")
    with pytest.raises(UsageError, match="bucket does not exist"):
        CliRunner().invoke(app, ["connect", "no-such-bucket", "--to", "eventbridge"], catch_exceptions=False)
