"""Every error of the project; each class says whether a retry can help (`retryable`).

ResizerError
├── ConfigError, UnknownEvent, UsageError
├── NothingToDo
│   └── SourceGone, Superseded, SourceChanged, NewerRenditionExists
├── Rejected
├── StorageError
│   └── ObjectMissing, ConditionFailed, AccessDenied
├── DeliveryError, OutOfTime, RecordsFailed
└── OurFault
"""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from traceback import walk_tb
from typing import ClassVar, Final


class Reason(StrEnum):
    """The short stable codes for `reason` in answers, logs and metrics."""

    # skipped: nothing to do
    OUTPUT_PREFIX = "output_prefix"
    OUTSIDE_SOURCE_PREFIX = "outside_source_prefix"
    EXCLUDED = "excluded"
    OTHER_BUCKET = "other_bucket"
    OUTPUT_BUCKET = "output_bucket"
    FOLDER_MARKER = "folder_marker"
    NOT_CREATED = "not_created"
    ALREADY_DONE = "already_done"
    SOURCE_GONE = "source_gone"
    SUPERSEDED = "superseded"
    KEPT = "kept"
    HANDED_OVER = "handed_over"
    # rejected: the image's fault
    NOT_AN_IMAGE = "not_an_image"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_WIDE_FOR_FORMAT = "too_wide_for_format"
    UNSUPPORTED_FORMAT = "unsupported_format"
    HEIC_NOT_INSTALLED = "heic_not_installed"
    NEEDS_MEMORY = "needs_memory"
    KEY_TOO_LONG = "key_too_long"
    KEY_TAKEN = "key_taken"
    ACCESS_DENIED = "access_denied"
    ARCHIVED = "archived"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    # failed: will be retried
    STORAGE = "storage"
    DELIVERY = "delivery"
    OUT_OF_TIME = "out_of_time"
    UNEXPECTED = "unexpected"
    # answered: the request is wrong
    INVALID_EVENT = "invalid_event"


class ResizerError(Exception):
    """The base class of all errors of this project."""

    retryable: ClassVar[bool] = False
    reason: Reason = Reason.UNEXPECTED


class ConfigError(ResizerError):
    """The settings are wrong; the message lists every mistake with its variable's name."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(["The settings are wrong:", *(f"  {mistake}" for mistake in mistakes)]))


class UnknownEvent(ResizerError):
    """This function does not support the event."""

    reason = Reason.INVALID_EVENT


class NothingToDo(ResizerError):
    """The event is out of date: another event does the work, or has done it."""

    reason = Reason.SUPERSEDED


class SourceGone(NothingToDo):
    """The source does not exist: it has been deleted since its event was sent, or never existed."""

    reason = Reason.SOURCE_GONE


class Superseded(NothingToDo):
    """The source has been overwritten since its event was sent; the newer upload has its own event."""


class SourceChanged(NothingToDo):
    """The source changed while its renditions were made or deleted, so these may need correcting."""


class NewerRenditionExists(NothingToDo):
    """A rendition of a later upload of the same key exists already."""


class Rejected(ResizerError):
    """This image cannot be resized, now or later; `detail` says why, in a sentence for people.

    `etag` is that of the rejected upload, or None if unknown.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        self.etag: str | None = None
        super().__init__(f"{reason}: {detail}")


class StorageError(ResizerError):
    """S3 refused a request or could not be reached; the message names bucket, key and request.

    `retried` is True if botocore sent the request more than once, so an earlier attempt may have succeeded.
    """

    retryable = True
    reason = Reason.STORAGE
    retried = False


class ObjectMissing(StorageError):
    """No object has the key of a request."""


class ConditionFailed(StorageError):
    """The object does not meet the condition of a request."""


class AccessDenied(StorageError):
    """S3 or KMS denies access; the message names the missing permission and its resource."""


class DeliveryError(ResizerError):
    """A message could not be sent to SQS, Lambda or EventBridge; the error names its target."""

    retryable = True
    reason = Reason.DELIVERY


class OutOfTime(ResizerError):
    """Too little time is left to finish the work; renditions already written stay, and a retry makes the rest."""

    retryable = True
    reason = Reason.OUT_OF_TIME


class RecordsFailed(ResizerError):
    """Some records of an event failed after all were tried; raised so that Lambda retries the event."""

    retryable = True


class UsageError(ResizerError):
    """The command line cannot do what was asked; the message says what to do instead."""


class OurFault(ResizerError):
    """A bug of ours in a hook that Pillow calls; Pillow would swallow other errors there."""


OUR_FOLDER: Final = str(Path(__file__).parent)
ALWAYS_OURS: Final = (OurFault, AttributeError, NameError, ImportError, AssertionError)


def is_our_fault(problem: BaseException) -> bool:
    """Whether an error raised during decoding or encoding is a bug in this package, not a fault of the image.

    Errors of `ALWAYS_OURS` always are; any other is if its innermost Python frame is in this package. Pillow replaces
    some errors of functions that it calls, such as a stream's `read`, so the error's causes are checked, too.
    """
    cause: BaseException | None = problem
    while cause:
        if isinstance(cause, ALWAYS_OURS) or is_raised_here(cause):
            return True
        cause = cause.__cause__
    return False


def is_raised_here(problem: BaseException) -> bool:
    """Whether the innermost Python frame of an error is in this package."""
    innermost = [frame.f_code.co_filename for frame, _ in walk_tb(problem.__traceback__)][-1:]
    return any(file.startswith(OUR_FOLDER) for file in innermost)
