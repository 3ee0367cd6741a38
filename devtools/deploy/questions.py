"""The questions that `make deploy` asks; all other parameters keep their defaults or what is deployed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOTHING: Final = "-"  # empties an answer, as the Enter key alone keeps the one that is there


@dataclass(frozen=True, slots=True)
class Question:
    """One parameter of the template and how a person is asked for it."""

    parameter: str
    text: str
    hint: str = ""


BUCKET: Final = Question(
    "BucketName", "Bucket that images are uploaded to", "lowercase letters, digits, dots and dashes"
)
MAKE: Final = Question("MakeBucket", "Make this bucket? Say no if it is there already")
OUTPUT: Final = Question(
    "OutputBucket",
    "Bucket for the renditions alone, with which the cheapest trigger needs no prefix; - for the same bucket",
    "lowercase letters, digits, dots and dashes, another than the bucket of images",
)
MAKE_OUTPUT: Final = Question("MakeOutputBucket", "Make that bucket, too? Say no if it is there already")
PREFIX: Final = Question("SourcePrefix", "Resize only what is under this prefix; - for all", "such as uploads/")
TRIGGER: Final = Question(
    "Trigger", "Trigger; s3 is the cheapest, sqs holds bursts back in a queue, eventbridge charges for all events"
)
OTHERS: Final = (
    Question("Widths", "Widths in pixels; - for those of resizer.toml, or 480,640,1000", "such as 480,640,1000"),
    Question("Heic", "Resize HEIC pictures from phones, too?"),
    Question("AlarmEmail", "E-mail address for alarms; - for none", "such as you@example.org"),
)


def ask(
    declared: Mapping[str, Mapping[str, Any]],
    deployed: Mapping[str, str],
    *,
    read: Callable[[str], str],
    tell: Callable[[str], None],
) -> dict[str, str]:
    """Ask for the parameters that cannot be known, and return the answers.

    `declared` are the template's parameters; their patterns and values decide what an answer may be. `deployed` are the
    stack's parameters, if there is one; the Enter key keeps them. A wrong answer is explained and asked for again.
    """
    answers: dict[str, str] = {}

    def answer(question: Question, default: str | None = None, other_than: str = "") -> str:
        parameter = declared[question.parameter]
        default = deployed.get(question.parameter, default or parameter.get("Default"))
        while True:
            answers[question.parameter] = _answer(question, parameter, default, read=read, tell=tell)
            if not other_than or answers[question.parameter] != other_than:
                return answers[question.parameter]
            tell(f"  {other_than!r} cannot be used: {question.hint}.")

    bucket = answer(BUCKET)
    answer(MAKE)
    output = answer(OUTPUT, other_than=bucket)
    if output:
        answer(MAKE_OUTPUT)
    if answer(PREFIX) or output:
        answer(TRIGGER, "s3" if output else None)
    else:
        answers["Trigger"] = "eventbridge"  # the only one that leaves our own output out by itself
    for question in OTHERS:
        answer(question)
    return answers


def _answer(
    question: Question,
    parameter: Mapping[str, Any],
    default: str | None,
    *,
    read: Callable[[str], str],
    tell: Callable[[str], None],
) -> str:
    allowed = parameter.get("AllowedValues")
    choices = f" ({'/'.join(allowed)})" if allowed else ""
    shown = f" [{default}]" if default else ""
    while True:
        answer = read(f"{question.text}{choices}{shown}: ").strip() or default or ""
        answer = "" if answer == NOTHING else answer
        if allowed:
            answer = _choice(answer, allowed)
        if _fits(answer, parameter):
            return answer
        expected = " or ".join(allowed) if allowed else question.hint
        tell(f"  {answer!r} cannot be used: {expected}.")


def _choice(answer: str, allowed: list[str]) -> str:
    """The choice that an answer means: its first letters will do."""
    meant = [choice for choice in allowed if answer and choice.startswith(answer.lower())]
    return meant[0] if len(meant) == 1 else answer


def _fits(answer: str, parameter: Mapping[str, Any]) -> bool:
    if allowed := parameter.get("AllowedValues"):
        return answer in allowed
    return re.fullmatch(parameter.get("AllowedPattern", ".*"), answer) is not None
