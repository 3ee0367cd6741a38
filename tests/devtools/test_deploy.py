"""`make deploy` asks a few questions or none, and deploys only where it is meant to."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.stub import Stubber

from devtools.deploy import __main__ as command
from devtools.deploy import target
from devtools.deploy.parameters import check_together, overrides, parse, repeat_command
from devtools.deploy.questions import ask
from devtools.lambda_runtime.template import load
from resizer.errors import ConfigError, UsageError
from tests.conftest import PROJECT

DECLARED: dict[str, dict[str, Any]] = load(PROJECT / "template.yaml")["Parameters"]
LOCAL = "http://127.0.0.1:4566"


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A shell with only a region and credentials; returns the path of its AWS config file."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    config = tmp_path / "config"
    shell = {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials")}
    shell |= {"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    for name, value in {**shell, "AWS_EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(PROJECT)
    return config


class Person:
    """Answers the questions in order, and remembers questions and messages."""

    def __init__(self, *answers: str) -> None:
        self.answers: Iterator[str] = iter(answers)
        self.asked: list[str] = []
        self.messages: list[str] = []

    def read(self, question: str) -> str:
        self.asked.append(question)
        return next(self.answers)

    def asked_for(self, **deployed: str) -> dict[str, str]:
        return ask(DECLARED, deployed, read=self.read, write=self.messages.append)


def test_seven_questions_are_asked() -> None:
    """Only the bucket's name has no default; Enter accepts the template's defaults."""
    person = Person("my-photos", "", "", "", "", "", "")
    assert person.asked_for() == {
        "BucketName": "my-photos",
        "MakeBucket": "yes",
        "OutputBucket": "",
        "SourcePrefix": "",
        "Trigger": "eventbridge",
        "Widths": "",
        "Heic": "no",
        "AlarmEmail": "",
    }
    assert len(person.asked) == 7
    assert not person.messages


def test_the_trigger_is_asked_only_with_a_source_prefix() -> None:
    """Without a source prefix the template allows only eventbridge, so there is no question."""
    person = Person("my-photos", "n", "", "uploads/", "sq", "", "y", "me@example.org")
    answers = person.asked_for()
    assert (answers["MakeBucket"], answers["Trigger"], answers["Heic"]) == ("no", "sqs", "yes")
    assert "(eventbridge/s3/sqs) [eventbridge]" in person.asked[4]
    assert "s3 is the cheapest" in person.asked[4]


def test_an_output_bucket_allows_the_cheapest_trigger() -> None:
    """With an output bucket, `s3` is offered without a prefix; the source bucket itself is refused."""
    person = Person("my-photos", "", "my-photos", "my-thumbs", "", "", "", "", "", "")
    answers = person.asked_for()
    assert (answers["OutputBucket"], answers["MakeOutputBucket"]) == ("my-thumbs", "yes")
    assert (answers["SourcePrefix"], answers["Trigger"]) == ("", "s3")
    assert "the cheapest trigger needs no prefix" in person.asked[2]
    assert person.messages == ["  'my-photos' cannot be used: it must be another bucket than BucketName."]


def test_removing_the_output_bucket_goes_back_to_eventbridge() -> None:
    """Enter keeps the deployed values; a dash removes the output bucket and the trigger that needs it."""
    deployed = {"BucketName": "my-photos", "OutputBucket": "my-thumbs", "MakeOutputBucket": "no", "Trigger": "sqs"}
    kept = Person("", "", "", "", "", "", "", "", "").asked_for(**deployed)
    assert (kept["OutputBucket"], kept["MakeOutputBucket"], kept["Trigger"]) == ("my-thumbs", "no", "sqs")
    removed = Person("", "", "-", "", "", "", "").asked_for(**deployed)
    assert (removed["OutputBucket"], removed["Trigger"]) == ("", "eventbridge")


@pytest.mark.parametrize(
    ("parameters", "refused"),
    [
        ({"SourcePrefix": "uploads/", "OutputPrefix": "uploads/small/"}, True),
        ({"SourcePrefix": "small/in/", "OutputPrefix": "small/"}, True),
        ({"SourcePrefix": "small/in/", "OutputPrefix": "small/", "OutputBucket": "thumbs"}, False),
        ({"SourcePrefix": "uploads/", "OutputPrefix": "uploads/small/", "AllowOwnOutputToInvoke": "yes"}, False),
        ({"SourcePrefix": "uploads/", "OutputPrefix": "small/"}, False),
        ({"SourcePrefix": "uploads/"}, False),
        ({"OutputPrefix": "small/"}, False),
    ],
)
def test_nested_prefixes_are_refused(parameters: dict[str, str], *, refused: bool) -> None:
    """A template's rules cannot compare two prefixes, so `make deploy` does before it deploys."""
    if refused:
        with pytest.raises(UsageError, match="is below the other"):
            check_together({"BucketName": "my-photos", **parameters}, DECLARED)
    else:
        check_together({"BucketName": "my-photos", **parameters}, DECLARED)


def test_a_wrong_answer_is_asked_for_again() -> None:
    """An answer that the template would refuse is explained, and the question is asked again."""
    person = Person("", "My_Photos", "my-photos", "maybe", "yes", "", "resized/", "-", "480;640", "320", "", "me", "-")
    answers = person.asked_for()
    assert (answers["BucketName"], answers["SourcePrefix"], answers["Widths"]) == ("my-photos", "", "320")
    assert [line.split("'")[1] for line in person.messages] == ["", "My_Photos", "maybe", "resized/", "480;640", "me"]
    assert person.messages[2] == "  'maybe' cannot be used: it must be yes or no."
    assert person.messages[4] == "  '480;640' cannot be used: it must be widths such as 480,640,1000."


def test_enter_keeps_a_deployed_value_and_a_dash_empties_it() -> None:
    """A second deployment offers the stack's own values as defaults."""
    deployed = {"BucketName": "my-photos", "Widths": "320", "AlarmEmail": "me@example.org", "MakeBucket": "no"}
    person = Person("", "", "", "", "", "", "-")
    answers = person.asked_for(**deployed)
    assert (answers["BucketName"], answers["MakeBucket"], answers["Widths"]) == ("my-photos", "no", "320")
    assert answers["AlarmEmail"] == ""
    assert "[me@example.org]" in person.asked[-1]


def test_parameters_are_quoted_as_in_a_shell() -> None:
    """Values with spaces are quoted; the printed command repeats the deployment with the same values."""
    text = "BucketName=my-photos CacheControl='public, max-age=60' SourcePrefix= Quality=jpeg=80"
    parsed = parse(text, DECLARED)
    assert parsed["CacheControl"] == "public, max-age=60"
    assert (parsed["SourcePrefix"], parsed["Quality"]) == ("", "jpeg=80")
    assert overrides({"Tags": 'a="b"'}) == ['Tags="a=\\"b\\""']
    repeated = shlex.split(repeat_command("photos", parsed))
    assert repeated[:3] == ["make", "deploy", "NAME=photos"]
    assert parse(repeated[3].removeprefix("PARAMETERS="), DECLARED) == parsed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Width=320", "there is no Width. Did you mean Widths?"),
        ("BucketName", "'BucketName' must have the form Name=value"),
        ("Tags='a", "No closing quotation"),
    ],
)
def test_a_misspelt_parameter_is_refused(text: str, message: str) -> None:
    """A misspelt parameter, which `sam` ignores silently, is named."""
    with pytest.raises(UsageError, match=message):
        parse(text, DECLARED)


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ("Trigger=sq", "must be eventbridge, s3 or sqs"),
        ("Heic=true", "must be yes or no"),
        ("LogRetentionDays=2", "must be 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827 or 3653"),
        ("MemorySize=128", "must be a whole number from 256 to 10240"),
        ("MemorySize=", "must be a whole number from 256 to 10240"),
        ("MaxPixels=0", "must be a whole number from 1 upwards"),
        ("Widths=abc", "must be widths such as 480,640,1000"),
        ("OutputPrefix=thumbs", "must end in a slash, such as resized/"),
    ],
)
def test_a_value_that_the_template_refuses_is_named(parameter: str, expected: str) -> None:
    """The template's values, limits and patterns are checked before anything is built or uploaded."""
    with pytest.raises(UsageError, match=f"^PARAMETERS: {parameter} {expected}"):
        parse(parameter, DECLARED)


def test_allowed_values_are_parsed() -> None:
    """Numbers, choices and empty values that the template allows are accepted."""
    text = "LogRetentionDays=30 MemorySize=256 MaxPixels=1 SourcePrefix= ReservedConcurrency= Trigger=s3 Tags=a=b"
    assert len(parse(text, DECLARED)) == 7


def test_every_pattern_is_explained() -> None:
    """CloudFormation and `make deploy` print the constraint's description instead of the pattern."""
    for name, parameter in DECLARED.items():
        if "AllowedPattern" in parameter:
            assert parameter["ConstraintDescription"].startswith("must "), name


def run(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m devtools.deploy`, without a terminal."""
    command_line = [sys.executable, "-m", "devtools.deploy", "--name", "photos", *options]
    environment = {**os.environ, **environment}
    return subprocess.run(
        command_line, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60
    )


def test_all_mistakes_are_reported_together() -> None:
    """`--check`, which runs before the build, names every wrong parameter; exit 2."""
    done = run("--check", PARAMETERS="Trigger=sq Heic=true Width=320 Widths=abc")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "PARAMETERS: Trigger=sq must be eventbridge, s3 or sqs.",
        "PARAMETERS: Heic=true must be yes or no.",
        "PARAMETERS: there is no Width. Did you mean Widths?",
        "PARAMETERS: Widths=abc must be widths such as 480,640,1000.",
    ]


def test_a_missing_bucket_is_reported_before_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parameter without a default is required, unless the deployed stack has it."""
    deployed: dict[str, str] = {}
    monkeypatch.setattr(target, "deployed_parameters", lambda *_: deployed)
    environ = {**os.environ, "PARAMETERS": "Widths=320"}
    with pytest.raises(UsageError, match="BucketName is missing; it must be 3 to 63 lowercase letters"):
        command.deploy("photos", environ, only_check=True)
    deployed["BucketName"] = "my-photos"
    assert command.deploy("photos", environ, only_check=True) == 0


def test_the_account_is_checked_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make destroy` and `make logs` need only a region and credentials; without them one line says what to set."""
    assert run("--check-account").returncode == 0
    monkeypatch.delenv("AWS_REGION")
    done = run("--check-account")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert done.stderr.startswith("No region: set AWS_REGION")


@pytest.mark.parametrize(
    ("variable", "host"),
    [("", "localhost"), ("_CLOUDFORMATION", "127.0.0.1"), ("_S3", "[::1]"), ("_STS", "127.1.2.3")],
)
def test_an_endpoint_on_this_machine_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str, host: str) -> None:
    """An endpoint on loopback is refused unless EMULATED=yes."""
    monkeypatch.setenv(f"AWS_ENDPOINT_URL{variable}", f"http://{host}:4566")
    with pytest.raises(UsageError, match=r"this machine, not AWS.*EMULATED=yes"):
        target.check_endpoints(target.session(), emulated=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", LOCAL)
    target.check_endpoints(target.session(), emulated=True)


def test_a_profiles_endpoint_is_checked_too(monkeypatch: pytest.MonkeyPatch, account: Path) -> None:
    """AWS_PROFILE sets region and endpoint, and a local endpoint is refused."""
    account.write_text(f"[profile local]\nregion = eu-west-1\nendpoint_url = {LOCAL}\n")
    monkeypatch.setenv("AWS_PROFILE", "local")
    monkeypatch.delenv("AWS_REGION")
    session = target.session()
    assert session.get_config_variable("region") == "eu-west-1"
    with pytest.raises(UsageError, match=LOCAL):
        target.check_endpoints(session, emulated=False)


def test_emulated_without_an_endpoint_is_refused() -> None:
    """EMULATED=yes without an endpoint would deploy to a real account, so it is refused."""
    target.check_endpoints(target.session(), emulated=False)
    with pytest.raises(UsageError, match="AWS_ENDPOINT_URL"):
        target.check_endpoints(target.session(), emulated=True)


@pytest.mark.parametrize(
    ("unset", "profile", "message"),
    [
        ("AWS_REGION", None, "AWS_REGION="),
        ("AWS_ACCESS_KEY_ID", None, "aws configure"),
        (None, "nobody", "The config profile"),
    ],
)
def test_missing_credentials_are_one_line(
    monkeypatch: pytest.MonkeyPatch, unset: str | None, profile: str | None, message: str
) -> None:
    """Without a region or credentials, or with an unknown profile, one line says what to set."""
    if unset:
        monkeypatch.delenv(unset)
    if profile:
        monkeypatch.setenv("AWS_PROFILE", profile)
    with pytest.raises(UsageError, match=message):
        target.session()


def test_the_deployed_parameters_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack's parameters are read; a stack that does not exist has none; other errors are raised."""
    session = target.session()
    client = session.create_client("cloudformation")
    monkeypatch.setattr(session, "create_client", lambda _: client)
    with Stubber(client) as aws:
        stack = {"StackName": "photos", "CreationTime": "2026-01-01", "StackStatus": "CREATE_COMPLETE"}
        parameters = [{"ParameterKey": "Widths", "ParameterValue": "320"}]
        aws.add_response("describe_stacks", {"Stacks": [{**stack, "Parameters": parameters}]})
        assert target.deployed_parameters(session, "photos") == {"Widths": "320"}
        aws.add_client_error("describe_stacks", "ValidationError", "Stack with id photos does not exist")
        assert target.deployed_parameters(session, "photos") == {}
        aws.add_client_error("describe_stacks", "AccessDenied", "not authorized")
        with pytest.raises(UsageError, match="not authorized"):
            target.deployed_parameters(session, "photos")


def test_without_a_terminal_one_line_says_what_to_do() -> None:
    """Without a terminal to ask on, one line shows PARAMETERS; exit 2."""
    done = run()
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert 'PARAMETERS="BucketName=' in done.stderr


def test_the_answers_reach_sam(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Answers, region and ARGS are passed to `sam`, which asks nothing; its exit code is returned."""
    called: list[list[str]] = []

    def sam(words: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        called.append(words)
        return subprocess.CompletedProcess(words, 7)

    person = Person("my-photos", "", "", "", "320", "", "")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", person.read)
    monkeypatch.setattr(subprocess, "run", sam)
    monkeypatch.setattr(target, "deployed_parameters", lambda *_: {})
    monkeypatch.setattr(command, "check_settings", lambda _: None)
    assert command.deploy("photos", {**os.environ, "ARGS": "--tags team=shop"}, only_check=False) == 7
    (words,) = called
    assert words[1:4] == ["deploy", "--stack-name", "photos"]
    assert {"--no-confirm-changeset", "--resolve-s3", 'Widths="320"', 'BucketName="my-photos"'} <= set(words)
    assert words[words.index("--region") + 1] == "eu-central-1"
    assert words[-2:] == ["--tags", "team=shop"]
    assert "make deploy NAME=photos PARAMETERS='BucketName=my-photos" in capsys.readouterr().out


def test_a_function_that_would_not_start_is_not_deployed(tmp_path: Path) -> None:
    """Parameters and the packed `resizer.toml` are checked together, as at the function's start."""
    document = load(PROJECT / "template.yaml")
    document["Resources"]["ResizeFunction"]["Properties"]["CodeUri"] = "ResizeFunction"  # as the build fills it in
    built = tmp_path / "template.yaml"
    built.write_text(yaml.safe_dump(document))
    (tmp_path / "ResizeFunction").mkdir()
    (tmp_path / "ResizeFunction" / "resizer.toml").write_text('[watermarks.logo]\nkey = "brand/logo.png"\n')
    parameters = {"BucketName": "my-photos"}
    command.check_settings({**parameters, "SourcePrefix": "uploads/"}, built)
    with pytest.raises(ConfigError, match=r"watermarks\.logo\.key: brand/logo\.png would be resized itself"):
        command.check_settings(parameters, built)
    with pytest.raises(ConfigError, match="RESIZER_WIDTHS"):
        command.check_settings({**parameters, "SourcePrefix": "uploads/", "Widths": "wide"}, built)
