"""Every error of the project; each class says whether trying again can help (`retryable`).

ResizerError
├── ConfigError                 the settings are wrong; the function does not start
├── UnknownEvent                this function does not know such an event
├── NothingToDo                 the event is out of date
│   ├── SourceGone              the source has been deleted
│   ├── Superseded              the source has been overwritten; the newer upload has its own event
│   ├── SourceChanged           the source changed while its renditions were made or deleted
│   └── NewerRenditionExists    a rendition of a later upload is there already
├── Rejected                    this image cannot be resized; trying again does not help
├── StorageError                S3 refused or cannot be reached; try again
│   ├── SourceInterrupted       the download broke off
│   ├── ObjectMissing           there is no object under this key
│   ├── ConditionFailed         another object is there than the condition of a request names
│   └── AccessDenied            the function lacks a permission
├── DeliveryError               a message could not be sent; try again
├── OutOfTime                   too little time is left; try again
├── RecordsFailed               some records of an event failed, the others are done
├── OurFault                    a mistake of ours in a hook that Pillow calls
└── UsageError                  the command line cannot do what was asked
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from collections.abc import Sequence


class Reason(StrEnum):
    """The short stable codes that answers, logs and metrics carry as `reason`."""

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
    # failed: comes back
    STORAGE = "storage"
    DELIVERY = "delivery"
    OUT_OF_TIME = "out_of_time"
    UNEXPECTED = "unexpected"
    # answered: the request is wrong
    INVALID_EVENT = "invalid_event"


class ResizerError(Exception):
    """The root of all of the project's own errors."""

    retryable: ClassVar[bool] = False
    reason: Reason = Reason.UNEXPECTED


class ConfigError(ResizerError):
    """The settings are wrong; the message lists every mistake by its variable's name."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(["The settings are wrong:", *(f"  {mistake}" for mistake in mistakes)]))


class UnknownEvent(ResizerError):
    """The event has none of the shapes that this function serves."""

    reason = Reason.INVALID_EVENT


class NothingToDo(ResizerError):
    """The event is out of date."""


class SourceGone(NothingToDo):
    """The source has been deleted since its event was sent."""

    reason = Reason.SOURCE_GONE


class Superseded(NothingToDo):
    """The source has been overwritten since its event was sent; the newer upload has its own event."""

    reason = Reason.SUPERSEDED


class SourceChanged(NothingToDo):
    """The source changed while its renditions were made or deleted, so these may have to be put right."""

    reason = Reason.SUPERSEDED


class NewerRenditionExists(NothingToDo):
    """A rendition of a later upload of the same key is there already."""

    reason = Reason.SUPERSEDED


class Rejected(ResizerError):
    """This image cannot be resized, now or later; `detail` tells a person why.

    `etag` is that of the source, None where it is not known. `partly_stored` says that some of its renditions exist.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        self.etag: str | None = None
        self.partly_stored = False
        super().__init__(f"{reason}: {detail}")


class StorageError(ResizerError):
    """S3 refused a request or could not be reached; the message names bucket, key and request."""

    retryable = True
    reason = Reason.STORAGE


class SourceInterrupted(StorageError):
    """The download of the source broke off before its last byte."""


class ObjectMissing(StorageError):
    """There is no object under the key of a request."""


class ConditionFailed(StorageError):
    """The object under a key is not what a conditional request expects.

    `retried` says that botocore sent the request more than once, so that an earlier attempt may have met the condition.
    """

    def __init__(self, message: str, *, retried: bool = False) -> None:
        self.retried = retried
        super().__init__(message)


class AccessDenied(StorageError):
    """S3 or KMS refuses the function a permission; the message names it, and what it is needed on."""


class DeliveryError(ResizerError):
    """A rejection could not be recorded, or a record not handed over; the message names where to."""

    retryable = True
    reason = Reason.DELIVERY


class OutOfTime(ResizerError):
    """The function would be stopped before the work is done; what was written stands and is taken up again."""

    retryable = True
    reason = Reason.OUT_OF_TIME


class RecordsFailed(ResizerError):
    """Some records of one event failed after all were tried; Lambda is to send the event again."""

    retryable = True

    def __init__(self, failures: Sequence[str]) -> None:
        self.failures = tuple(failures)
        super().__init__(f"{len(failures)} record(s) failed: " + "; ".join(failures))


class UsageError(ResizerError):
    """What was asked for on the command line cannot be done; the message says what to do instead."""


class OurFault(ResizerError):
    """A mistake of ours in a hook that Pillow calls, which would swallow other errors."""


OUR_FOLDER: Final = str(Path(__file__).parent)
ALWAYS_OURS: Final = (OurFault, AttributeError, NameError, ImportError, AssertionError)


def is_our_fault(problem: BaseException) -> bool:
    """Whether an error around a decoder or encoder is a mistake in this package, and says nothing of the image.

    Some kinds of error always are; others are where their innermost Python frame is in this package. Pillow replaces
    some errors of the functions that it calls, such as a stream's `read`, so the causes count, too.
    """
    cause: BaseException | None = problem
    while cause:
        if isinstance(cause, ALWAYS_OURS) or _is_raised_here(cause):
            return True
        cause = cause.__cause__
    return False


def _is_raised_here(problem: BaseException) -> bool:
    trace = problem.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_filename.startswith(OUR_FOLDER)
