"""The template as CloudFormation gets it, with parameters resolved."""

import json
from copy import deepcopy
from functools import cache
from typing import Any

import pytest

from devtools.lambda_runtime.template import Stack, load
from tests.conftest import PROJECT

ACCOUNT = "123456789012"
BUCKET_ARN = "arn:aws:s3:::photos"
ARNS = {
    "FailureQueue.Arn": "arn:queue:failures",
    "RejectionsQueue.Arn": "arn:queue:rejections",
    "ResizeLargeFunctionAliaslive": "arn:function:large:live",
    "ResizeFunctionAliaslive": "arn:function:small:live",
    "ResizeLogs.Arn": "arn:logs:small:*",
    "ResizeLargeLogs.Arn": "arn:logs:large:*",
    "UploadQueue.Arn": "arn:queue:uploads",
    "UploadRule.Arn": "arn:rule:uploads",
    "RejectionsQueue": "https://queues/rejections",
}
CODE = "s3://code/function"
KEY = "arn:aws:kms:us-east-1:123456789012:key/one"


@cache
def _packaged(code: str) -> dict[str, Any]:
    """The template with the locations of code and layers filled in, as by `sam package`."""
    document = load(PROJECT / "template.yaml")
    document["Globals"]["Function"]["CodeUri"] = code
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = "s3://code/layer"
    return document


@cache
def transformed() -> dict[str, Any]:
    """The template after the serverless transform, with its parameters not yet resolved."""
    return _serverless(deepcopy(_packaged(CODE)))


def deployed(code: str = CODE, tag: str = "", **parameters: str) -> dict[str, Any]:
    """The resources after both steps, parameters first, so that SAM sees their values."""
    document = deepcopy(_packaged(code))
    open_stack = Stack.of(document, {"BucketName": "photos", **parameters})
    document["Globals"] = open_stack.resolve(document["Globals"])
    document["Globals"]["Function"]["Tags"] = {"team": tag} if tag else {}
    document["Resources"] = open_stack.resources()
    resources: dict[str, Any] = _serverless(document)["Resources"]
    return resources


def _serverless(document: dict[str, Any]) -> dict[str, Any]:
    from samtranslator.translator.transform import transform  # noqa: PLC0415 # takes a third of a second

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")  # the transform needs a region
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
