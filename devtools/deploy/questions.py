"""The questions of `make deploy`. All other parameters keep their deployed values, or else their defaults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from devtools.deploy.parameters import Declared, constraint, fits

EMPTY: Final = "-"  # a dash means an empty value, because the Enter key keeps the current one


@dataclass(frozen=True, slots=True)
class Question:
    """A parameter of the template, and the question for it."""

    parameter: str
    text: str


BUCKET: Final = Question("BucketName", "Bucket that images are uploaded to")
MAKE: Final = Question("MakeBucket", "Create this bucket? Answer no if it exists already")
OUTPUT: Final = Question(
    "OutputBucket",
    "Separate bucket for renditions, so that the cheapest trigger needs no prefix; - for the same bucket",
)
MAKE_OUTPUT: Final = Question("MakeOutputBucket", "Create that bucket, too? Answer no if it exists already")
PREFIX: Final = Question("SourcePrefix", "Resize only images below this prefix; - for all")
TRIGGER: Final = Question(
    "Trigger", "Trigger: s3 is the cheapest, sqs queues bursts, eventbridge costs money for every event of the bucket"
)
OTHERS: Final = (
    Question("Widths", "Widths in pixels; - for those of resizer.toml, or 480,640,1000"),
    Question("Heic", "Resize HEIC images from phones, too?"),
    Question("AlarmEmail", "E-mail address for alarms; - for none"),
)


def ask(
    declared: Declared,
    deployed: Mapping[str, str],
    *,
    read: Callable[[str], str],
    write: Callable[[str], None],
) -> dict[str, str]:
    """Ask for the most important parameters, and return the answers.

    `declared` are the template's parameters; their patterns and allowed values check the answers. `deployed` are the
    parameters of the deployed stack, if there is one; the Enter key keeps them. After a wrong answer it says what
    the template expects, and asks again.
    """
    answers: dict[str, str] = {}

    def answer(question: Question, default: str | None = None, other_than: str = "") -> str:
        parameter = declared[question.parameter]
        default = deployed.get(question.parameter, default or parameter.get("Default"))
        while True:
            answers[question.parameter] = _answer(question, parameter, default, read=read, write=write)
            if not other_than or answers[question.parameter] != other_than:
                return answers[question.parameter]
            write(f"  {other_than!r} cannot be used: it must be another bucket than {BUCKET.parameter}.")

    bucket = answer(BUCKET)
    answer(MAKE)
    output = answer(OUTPUT, other_than=bucket)
    if output:
        answer(MAKE_OUTPUT)
    if answer(PREFIX) or output:
        answer(TRIGGER, "s3" if output else None)
    else:
        answers["Trigger"] = "eventbridge"  # the only trigger that excludes our renditions by itself
    for question in OTHERS:
        answer(question)
    return answers


def _answer(
    question: Question,
    parameter: Mapping[str, Any],
    default: str | None,
    *,
    read: Callable[[str], str],
    write: Callable[[str], None],
) -> str:
    allowed = parameter.get("AllowedValues")
    choices = f" ({'/'.join(allowed)})" if allowed else ""
    shown = f" [{default}]" if default else ""
    while True:
        answer = read(f"{question.text}{choices}{shown}: ").strip() or default or ""
        answer = "" if answer == EMPTY else answer
        if allowed:
            answer = _choice(answer, allowed)
        if fits(answer, parameter):
            return answer
        write(f"  {answer!r} cannot be used: it {constraint(parameter)}.")


def _choice(answer: str, allowed: list[str]) -> str:
    """Complete an answer such as `y` to the choice that begins with it."""
    matching = [choice for choice in allowed if answer and choice.startswith(answer.lower())]
    return matching[0] if len(matching) == 1 else answer
