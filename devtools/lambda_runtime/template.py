"""Evaluates a CloudFormation template for given parameters, without AWS."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

try:
    from yaml import CSafeLoader as SafeLoader  # of libyaml, which reads our template in an eighth of the time
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment] # the same interface

PSEUDO_PARAMETERS: Final = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "resizer",
    "AWS::URLSuffix": "amazonaws.com",
}
NO_VALUE: Final = object()
VARIABLE: Final = re.compile(r"\$\{([A-Za-z0-9:._]+)\}")


class _Loader(SafeLoader):
    """YAML with CloudFormation's short forms, such as `!Ref`."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    match node:
        case yaml.ScalarNode():
            value: Any = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case yaml.MappingNode():
            value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


def load(file: Path) -> dict[str, Any]:
    """Load a template, with short forms such as `!Ref` in their long form."""
    template: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506 # a SafeLoader
    return template


def allocator_settings(file: Path) -> dict[str, str]:
    """The variables that tune glibc's allocator, from a template's `Globals`."""
    variables = load(file)["Globals"]["Function"]["Environment"]["Variables"]
    return {name: value for name, value in variables.items() if name.startswith("MALLOC_")}


@dataclass(frozen=True, slots=True)
class Stack:
    """A template with values for all its parameters.

    `attributes` maps resources and their attributes to values; other references stay as `{"Ref": name}` and
    `{"Fn::GetAtt": [...]}`.
    """

    template: Mapping[str, Any]
    parameters: Mapping[str, str]
    attributes: Mapping[str, str]

    @classmethod
    def of(
        cls, template: Mapping[str, Any], parameters: Mapping[str, str], attributes: Mapping[str, str] | None = None
    ) -> Stack:
        """Use the defaults of parameters without a value. Raises `KeyError` if one has no default."""
        values = {
            name: parameters[name] if name in parameters else str(declared["Default"])
            for name, declared in template.get("Parameters", {}).items()
        }
        return cls(template, {**PSEUDO_PARAMETERS, **values}, attributes or {})

    def condition(self, name: str) -> bool:
        """Whether a condition is true."""
        return bool(self.resolve(self.template["Conditions"][name]))

    def resources(self) -> dict[str, Any]:
        """The resources whose condition is true, with all functions resolved."""
        return {
            name: self.resolve(resource)
            for name, resource in self.template["Resources"].items()
            if "Condition" not in resource or self.condition(resource["Condition"])
        }

    def broken_rules(self) -> list[str]:
        """The descriptions of the assertions that fail."""
        return [
            assertion["AssertDescription"]
            for rule in self.template.get("Rules", {}).values()
            if self.resolve(rule.get("RuleCondition", True))
            for assertion in rule["Assertions"]
            if not self.resolve(assertion["Assert"])
        ]

    def resolve(self, node: Any) -> Any:
        """Resolve all functions in a part of the template."""
        if isinstance(node, list):
            resolved = [self.resolve(part) for part in node]
            return [part for part in resolved if part is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if function := self._functions().get(name):
                return function(argument)
        entries = {key: self.resolve(value) for key, value in node.items() if key != "Condition" or "Type" not in node}
        return {key: value for key, value in entries.items() if value is not NO_VALUE}

    def _functions(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "Ref": self._ref,
            "Condition": self._condition,
            "Fn::Equals": lambda pair: str(self.resolve(pair[0])) == str(self.resolve(pair[1])),
            "Fn::Not": lambda arguments: not self.resolve(arguments[0]),
            "Fn::And": lambda arguments: all(self.resolve(each) for each in arguments),
            "Fn::Or": lambda arguments: any(self.resolve(each) for each in arguments),
            "Fn::If": lambda arguments: self.resolve(arguments[1 if self.condition(arguments[0]) else 2]),
            "Fn::Sub": self._sub,
            "Fn::Join": lambda pair: pair[0].join(map(str, self.resolve(pair[1]))),
            "Fn::Split": lambda pair: self.resolve(pair[1]).split(pair[0]),
            "Fn::Select": lambda pair: self.resolve(pair[1])[int(pair[0])],
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAtt": self._attribute,
        }

    def _condition(self, argument: Any) -> Any:
        """Resolve a reference to a condition; in a policy's statement `Condition` is a mapping instead."""
        return self.condition(argument) if isinstance(argument, str) else {"Condition": self.resolve(argument)}

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        return self.parameters.get(name, self.attributes.get(name, {"Ref": name}))

    def _attribute(self, path: Any) -> Any:
        parts = path.split(".", 1) if isinstance(path, str) else path
        return self.attributes.get(".".join(parts), {"Fn::GetAtt": parts})

    def _find_in_map(self, path: list[Any]) -> Any:
        first, second, third = (self.resolve(part) for part in path)
        return self.template["Mappings"][first][second][third]

    def _sub(self, argument: Any) -> str:
        text, given = argument if isinstance(argument, list) else (argument, {})
        local = {name: self.resolve(value) for name, value in given.items()}

        def value(match: re.Match[str]) -> str:
            name = match[1]
            known = local.get(name, self.parameters.get(name, self.attributes.get(name, match[0])))
            return str(known)

        return VARIABLE.sub(value, text)
