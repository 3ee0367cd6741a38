"""`make deploy` asks a few questions or none, and deploys only to where somebody means to."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from botocore.stub import Stubber

from devtools.deploy import __main__ as command
from devtools.deploy import target
from devtools.deploy.parameters import check_prefixes, overrides, parse, repeat_command
from devtools.deploy.questions import ask
from devtools.lambda_runtime.template import load
from resizer.errors import ConfigError, UsageError
from tests.conftest import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DECLARED: dict[str, dict[str, Any]] = load(PROJECT / "template.yaml")["Parameters"]
LOCAL = "http://127.0.0.1:4566"


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A shell with a region and credentials, and nothing else of this machine's; its config file."""
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
    """Answers questions one after the other, and remembers what was said."""

    def __init__(self, *answers: str) -> None:
        self.answers: Iterator[str] = iter(answers)
        self.asked: list[str] = []
        self.told: list[str] = []

    def read(self, question: str) -> str:
        self.asked.append(question)
        return next(self.answers)

    def asked_for(self, **deployed: str) -> dict[str, str]:
        return ask(DECLARED, deployed, read=self.read, write=self.told.append)


def test_seven_questions_are_enough() -> None:
    """The bucket's name is all that has no default; the Enter key takes the template's defaults."""
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
    assert not person.told


def test_only_with_a_prefix_is_there_a_choice_of_triggers() -> None:
    """Without a source prefix the template takes no other than eventbridge, so nobody is asked."""
    person = Person("my-photos", "n", "", "uploads/", "sq", "", "y", "me@example.org")
    answers = person.asked_for()
    assert (answers["MakeBucket"], answers["Trigger"], answers["Heic"]) == ("no", "sqs", "yes")
    assert "(eventbridge/s3/sqs) [eventbridge]" in person.asked[4]
    assert "s3 is the cheapest" in person.asked[4]


def test_an_output_bucket_opens_the_cheapest_trigger() -> None:
    """With one, `s3` is offered without a prefix; the bucket of images itself is none, and who has one is not asked."""
    person = Person("my-photos", "", "my-photos", "my-thumbs", "", "", "", "", "", "")
    answers = person.asked_for()
    assert (answers["OutputBucket"], answers["MakeOutputBucket"]) == ("my-thumbs", "yes")
    assert (answers["SourcePrefix"], answers["Trigger"]) == ("", "s3")
    assert "the cheapest trigger needs no prefix" in person.asked[2]
    assert person.told == [
        "  'my-photos' cannot be used: lowercase letters, digits, dots and dashes, and not the first bucket."
    ]


def test_without_its_output_bucket_a_stack_goes_back_to_eventbridge() -> None:
    """What is deployed is kept, and a dash takes the output bucket away, and with it the trigger that needs it."""
    deployed = {"BucketName": "my-photos", "OutputBucket": "my-thumbs", "MakeOutputBucket": "no", "Trigger": "sqs"}
    kept = Person("", "", "", "", "", "", "", "", "").asked_for(**deployed)
    assert (kept["OutputBucket"], kept["MakeOutputBucket"], kept["Trigger"]) == ("my-thumbs", "no", "sqs")
    given_up = Person("", "", "-", "", "", "", "").asked_for(**deployed)
    assert (given_up["OutputBucket"], given_up["Trigger"]) == ("", "eventbridge")


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
def test_prefixes_below_one_another_are_refused(parameters: dict[str, str], *, refused: bool) -> None:
    """No rule of a template can compare two prefixes, so `make deploy` does, before anything is deployed."""
    if refused:
        with pytest.raises(UsageError, match="is below the other"):
            check_prefixes(parameters, DECLARED)
    else:
        check_prefixes(parameters, DECLARED)


def test_a_wrong_answer_is_asked_for_again() -> None:
    """What the template would refuse is explained at once, and the next answer counts."""
    person = Person("", "My_Photos", "my-photos", "maybe", "yes", "", "resized/", "-", "480;640", "320", "", "me", "-")
    answers = person.asked_for()
    assert (answers["BucketName"], answers["SourcePrefix"], answers["Widths"]) == ("my-photos", "", "320")
    assert [line.split("'")[1] for line in person.told] == ["", "My_Photos", "maybe", "resized/", "480;640", "me"]
    assert "yes or no" in person.told[2]


def test_what_is_deployed_is_kept_by_the_enter_key_and_emptied_by_a_dash() -> None:
    """A second deployment shows the stack's own values."""
    deployed = {"BucketName": "my-photos", "Widths": "320", "AlarmEmail": "me@example.org", "MakeBucket": "no"}
    person = Person("", "", "", "", "", "", "-")
    answers = person.asked_for(**deployed)
    assert (answers["BucketName"], answers["MakeBucket"], answers["Widths"]) == ("my-photos", "no", "320")
    assert answers["AlarmEmail"] == ""
    assert "[me@example.org]" in person.asked[-1]


def test_parameters_are_words_of_a_shell() -> None:
    """Values with spaces are quoted; the command that repeats a deployment is read back as the same."""
    text = "BucketName=my-photos CacheControl='public, max-age=60' SourcePrefix= Quality=jpeg=80"
    found = parse(text, DECLARED)
    assert found["CacheControl"] == "public, max-age=60"
    assert (found["SourcePrefix"], found["Quality"]) == ("", "jpeg=80")
    assert overrides({"Tags": 'a="b"'}) == ['Tags="a=\\"b\\""']
    repeated = shlex.split(repeat_command("photos", found))
    assert repeated[:3] == ["make", "deploy", "NAME=photos"]
    assert parse(repeated[3].removeprefix("PARAMETERS="), DECLARED) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Width=320", "there is no Width. Did you mean Widths?"),
        ("BucketName", "'BucketName' must have the form Name=value"),
        ("Tags='a", "No closing quotation"),
    ],
)
def test_parameters_that_would_be_left_out_are_refused(text: str, said: str) -> None:
    """A misspelt parameter, which `sam` ignores without a word, is named."""
    with pytest.raises(UsageError, match=said):
        parse(text, DECLARED)


@pytest.mark.parametrize(
    ("variable", "host"),
    [("", "localhost"), ("_CLOUDFORMATION", "127.0.0.1"), ("_S3", "[::1]"), ("_STS", "127.1.2.3")],
)
def test_an_endpoint_on_this_machine_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str, host: str) -> None:
    """An endpoint left over from local work is no AWS; EMULATED=yes says that it is meant."""
    monkeypatch.setenv(f"AWS_ENDPOINT_URL{variable}", f"http://{host}:4566")
    with pytest.raises(UsageError, match=r"this machine, not AWS.*EMULATED=yes"):
        target.check_endpoints(target.session(), emulated=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", LOCAL)
    target.check_endpoints(target.session(), emulated=True)


def test_a_profiles_endpoint_is_seen_too(monkeypatch: pytest.MonkeyPatch, account: Path) -> None:
    """AWS_PROFILE is honoured, with the region and the endpoint that it has."""
    account.write_text(f"[profile local]\nregion = eu-west-1\nendpoint_url = {LOCAL}\n")
    monkeypatch.setenv("AWS_PROFILE", "local")
    monkeypatch.delenv("AWS_REGION")
    session = target.session()
    assert session.get_config_variable("region") == "eu-west-1"
    with pytest.raises(UsageError, match=LOCAL):
        target.check_endpoints(session, emulated=False)


def test_aws_is_refused_where_an_emulator_is_meant() -> None:
    """EMULATED=yes with no endpoint would deploy to a real account."""
    target.check_endpoints(target.session(), emulated=False)
    with pytest.raises(UsageError, match="AWS_ENDPOINT_URL"):
        target.check_endpoints(target.session(), emulated=True)


@pytest.mark.parametrize(
    ("unset", "profile", "said"),
    [
        ("AWS_REGION", None, "AWS_REGION="),
        ("AWS_ACCESS_KEY_ID", None, "aws configure"),
        (None, "nobody", "The config profile"),
    ],
)
def test_what_is_missing_is_said(
    monkeypatch: pytest.MonkeyPatch, unset: str | None, profile: str | None, said: str
) -> None:
    """Without a region or credentials the line says what to set."""
    if unset:
        monkeypatch.delenv(unset)
    if profile:
        monkeypatch.setenv("AWS_PROFILE", profile)
    with pytest.raises(UsageError, match=said):
        target.session()


def test_the_stacks_own_parameters_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack tells its parameters; where there is none there are none."""
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
    """Nothing waits for an answer that cannot come."""
    asked = [sys.executable, "-m", "devtools.deploy", "--name", "photos"]
    done = subprocess.run(asked, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert 'PARAMETERS="BucketName=' in done.stderr


def test_the_answers_reach_sam(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The answers, the region and ARGS are passed on, nothing is left for `sam` to ask, and its exit code is ours."""
    called: list[list[str]] = []

    def run(words: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        called.append(words)
        return subprocess.CompletedProcess(words, 7)

    person = Person("my-photos", "", "", "", "320", "", "")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", person.read)
    monkeypatch.setattr(subprocess, "run", run)
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
    """The parameters and the packed `resizer.toml` are checked together, as the function does when it starts."""
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
