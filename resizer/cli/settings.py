"""The command line's settings: the environment, checked more strictly, and command-line options."""

import os
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Final

from resizer.errors import ConfigError, UsageError
from resizer.settings import Settings, file
from resizer.settings.environment import OF_DEFAULTS, VARIABLES, parse_bucket, parse_widths

PREFIX: Final = "RESIZER_"
UPLOADS: Final = "photos"
KNOWN: Final = [*VARIABLES, *OF_DEFAULTS, file.VARIABLE]


def checked_settings(environ: Mapping[str, str]) -> Settings:
    """The settings that the function would have; unknown `RESIZER_*` variables are mistakes here.

    Raises `ConfigError` with all mistakes.
    """
    unknown = sorted(name for name in environ if name.startswith(PREFIX) and name not in KNOWN)
    mistakes = [f"{name}: there is no such setting{_suggestion(name)}" for name in unknown]
    try:
        settings = Settings.from_env(environ)
    except ConfigError as wrong:
        raise ConfigError([*mistakes, *wrong.mistakes]) from None
    if mistakes:
        raise ConfigError(mistakes)
    return settings


def source_bucket(settings: Settings, named: str | None = None) -> str:
    """The bucket to which local images are uploaded: the one `named`, or else one of the settings, or else `photos`.

    Raises `UsageError` if it is the output bucket, where nothing is resized.
    """
    bucket = min(settings.buckets, default=UPLOADS) if named is None else named
    if bucket == settings.output_bucket:
        raise UsageError(f"{bucket} is RESIZER_OUTPUT_BUCKET, where nothing is resized; upload to another bucket.")
    return bucket


def bucket_to_create(settings: Settings, named: str | None = None) -> str:
    """The source bucket, for the local service; also raises `UsageError` if S3 allows no new bucket of this name."""
    bucket = source_bucket(settings, named)
    try:
        return parse_bucket(bucket)
    except ValueError as mistake:
        raise UsageError(f"The bucket {bucket!r} cannot be created: its name {mistake}.") from None


def local_settings(widths: str | None) -> Settings:
    """The settings for local files; `widths` replaces `RESIZER_WIDTHS`.

    Every file is a source, and nothing is deleted. Raises `ConfigError`, and `UsageError` for wrong widths or if the
    source bucket is the output bucket.
    """
    given, wanted = dict(os.environ), None
    if widths is not None:
        given.pop("RESIZER_WIDTHS", None)
        try:
            wanted = parse_widths(widths)
        except ValueError as mistake:
            raise UsageError(f"--widths {widths!r}: {mistake}.") from None
    settings = checked_settings(given).with_widths(wanted)
    source_bucket(settings)  # raises once here, not for each file
    return replace(settings, source_prefix="", on_delete="keep")


def _suggestion(name: str) -> str:
    close = get_close_matches(name, KNOWN, 1, cutoff=0.85)
    return f"; did you mean {close[0]}?" if close else ""
