"""Adds our notification to a bucket's configuration or removes it, and finds overlaps. It sends no requests.

Source: S3 user guide, "Amazon S3 Event Notifications" and "Configuring event notifications using object key name
filtering".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote_plus

from resizer.errors import UsageError

Configuration = Mapping[str, Any]

EVENTBRIDGE: Final = "EventBridgeConfiguration"
ARN_FIELDS: Final = {
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
    "QueueConfigurations": "QueueArn",
    "TopicConfigurations": "TopicArn",
}
SECTIONS: Final = {"lambda": "LambdaFunctionConfigurations", "sqs": "QueueConfigurations"}  # by the ARN's service
CREATED: Final = ("s3:ObjectCreated:*",)
RESTORED: Final = "s3:ObjectRestore:Completed"  # from an archive
DELETED: Final = ("s3:ObjectRemoved:*", "s3:LifecycleExpiration:*")
SAFE_IN_FILTERS: Final = "/!-_.*'()"  # other characters are URL-encoded, a space as `+`


@dataclass(frozen=True, slots=True)
class Target:
    """Where the bucket sends its events: the ARN of a function or queue, or EventBridge if `arn` is None.

    `output_prefix` is the renditions' prefix in the same bucket; None if they are written to another bucket, or are
    allowed to invoke the function. `function` is the one that our EventBridge rule invokes, if known.
    """

    arn: str | None
    prefix: str = ""
    deletions: bool = True
    output_prefix: str | None = "resized/"
    function: str | None = None

    @property
    def section(self) -> str:
        """Its section of the bucket's notifications. Raises `UsageError` for other ARNs."""
        parts = (self.arn or "").split(":")
        if len(parts) < 6 or parts[2] not in SECTIONS:
            raise UsageError(f"{self.arn} is not the ARN of a Lambda function or of an SQS queue.")
        return SECTIONS[parts[2]]

    def invokes_itself(self) -> bool:
        """Whether renditions would invoke the function like uploads. The EventBridge rule excludes them."""
        output = self.output_prefix
        return bool(self.arn) and output is not None and _overlap(self.prefix, output)

    def entry(self) -> dict[str, Any]:
        """Our notification in S3's format."""
        rules = [{"Name": "prefix", "Value": quote_plus(self.prefix, safe=SAFE_IN_FILTERS)}] if self.prefix else []
        return {
            "Id": "resizer-" + str(self.arn).split(":", 5)[5].replace(":", "-")[:200],
            ARN_FIELDS[self.section]: self.arn,
            "Events": [*CREATED, RESTORED, *(DELETED if self.deletions else ())],
            **({"Filter": {"Key": {"FilterRules": rules}}} if rules else {}),
        }


@dataclass(frozen=True, slots=True)
class Entry:
    """One notification of a bucket, parsed from S3's format."""

    arn: str
    events: frozenset[str]
    prefix: str = ""
    suffix: str = ""

    @classmethod
    def of(cls, section: str, fields: Configuration) -> Entry:
        """Parse an item of a section; S3 returns filter names in upper or lower case."""
        rules = fields.get("Filter", {}).get("Key", {}).get("FilterRules", ())
        filters = {str(rule["Name"]).lower(): str(rule["Value"]) for rule in rules}
        return cls(fields[ARN_FIELDS[section]], frozenset(fields["Events"]), **filters)

    def overlaps(self, other: Entry) -> bool:
        """Whether one event could match both; S3 refuses such a configuration."""
        same_events = any(_event_overlap(mine, theirs) for mine in self.events for theirs in other.events)
        same_suffix = self.suffix.endswith(other.suffix) or other.suffix.endswith(self.suffix)
        return same_events and same_suffix and _overlap(self.prefix, other.prefix)

    def __str__(self) -> str:
        """`s3:ObjectCreated:* of uploads/*.jpg to arn:...`."""
        return f"{', '.join(sorted(self.events))} of {self.prefix}*{self.suffix} to {self.arn}"


@dataclass(frozen=True, slots=True)
class Change:
    """A bucket's notifications before and after a change."""

    before: Configuration
    after: Configuration = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        """The difference as lines: `+` added, `-` removed, the rest unchanged."""
        before, after = list(_lines(self.before)), list(_lines(self.after))
        kept = [f"  {line}" for line in before if line in after]
        gone = [f"- {line}" for line in before if line not in after]
        return kept + gone + [f"+ {line}" for line in after if line not in before]

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes."""
        return set(_lines(self.before)) == set(_lines(self.after))


def connected(current: Configuration, target: Target) -> Change:
    """Add our notification; replaces one with the same target, and keeps all others.

    If the bucket already sends completed restores elsewhere, our notification does not include them.

    Raises `UsageError` if another notification overlaps, or if renditions would invoke the function again.
    """
    if target.arn is None:
        return Change(current, {**current, EVENTBRIDGE: {}})
    if target.invokes_itself():
        raise UsageError(
            f"Every rendition under {target.output_prefix} would invoke the function again. Deploy with OutputBucket= "
            "or SourcePrefix= (here --own-output-bucket or --prefix), or use Trigger=eventbridge."
        )
    rest = disconnected(current, target).after
    entry, section = target.entry(), target.section
    if any(Entry.of(section, {**entry, "Events": [RESTORED]}).overlaps(each) for each in _entries(rest)):
        entry["Events"].remove(RESTORED)  # few buckets have archived images
    ours = Entry.of(section, entry)
    if overlapping := [str(each) for each in _entries(rest) if ours.overlaps(each)]:
        raise UsageError(
            "S3 sends an event to one function, queue or topic only, and the bucket already sends "
            f"{'; '.join(overlapping)}. Nothing was changed. Use Trigger=eventbridge, which sends to both, or another "
            "prefix. To remove a notification of an earlier stack, run `resizer connect BUCKET --to ARN --remove`."
        )
    return Change(current, {**rest, section: [*rest.get(section, ()), entry]})


def disconnected(current: Configuration, target: Target) -> Change:
    """Remove our notification, and keep all others."""
    after = dict(current)
    if target.arn is None:
        after.pop(EVENTBRIDGE, None)
        return Change(current, after)
    section = target.section
    theirs = [each for each in current.get(section, ()) if each[ARN_FIELDS[section]] != target.arn]
    after.pop(section, None)
    return Change(current, {**after, section: theirs} if theirs else after)


def _entries(configuration: Configuration) -> Iterator[Entry]:
    for section in ARN_FIELDS:
        for fields in configuration.get(section, ()):
            yield Entry.of(section, fields)


def _lines(configuration: Configuration) -> Iterator[str]:
    yield from map(str, _entries(configuration))
    if EVENTBRIDGE in configuration:
        yield "all events to EventBridge"


def _overlap(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _event_overlap(one: str, other: str) -> bool:
    """`s3:ObjectCreated:*` includes `s3:ObjectCreated:Put`; `s3:ObjectRestore:*` does not."""
    return one == other or any(
        each.endswith("*") and rest.startswith(each[:-1]) for each, rest in ((one, other), (other, one))
    )
