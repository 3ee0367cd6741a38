"""Parses the environment variables: each one's setting and its valid values. Every parser raises `ValueError`."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from resizer.settings.key_template import parse_key_template

Parser = Callable[[str], object]
MAX_WIDTH_PIXELS: Final = 16_383  # WebP's maximum, so that every width works in every format
MAX_WIDTHS: Final = 20  # each one costs a PUT, and a HEAD when the source is deleted
TAG_NAME, TAG_VALUE = r"(?!aws:)[\w .:/=+@-]{1,128}", r"[\w .:/=+@-]{0,256}"
EXTRA_FORMATS: Final = ("source", "jpeg", "png", "webp", "avif")


def _matching(pattern: str, must_be: str) -> Callable[[str], str]:
    """A parser of text that matches a pattern as a whole."""

    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"must be {must_be}")
        return text

    return parse


def _one_of(*words: str) -> Callable[[str], str]:
    return _matching("|".join(words), f"one of {', '.join(words)}")


def _positive(text: str) -> int:
    return int(_matching("0*[1-9][0-9]{0,14}", "a whole number above 0, of at most 15 digits")(text))


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _each(parse: Callable[[str], str], text: str) -> list[str]:
    """The parts of a list. Raises `ValueError` with the first invalid one."""
    parts = _listed(text) or [text]
    for part in parts:
        try:
            parse(part)
        except ValueError as mistake:
            raise ValueError(f"{mistake}; {part!r} is wrong") from None
    return parts


def parse_widths(text: str) -> tuple[int, ...]:
    """Parse `480,640,1000`; returns the widths without duplicates, widest first. Raises `ValueError`."""
    widths = {int(part) if re.fullmatch("[0-9]{1,9}", part) else 0 for part in _listed(text)}
    if not 1 <= len(widths) <= MAX_WIDTHS or not all(1 <= width <= MAX_WIDTH_PIXELS for width in widths):
        raise ValueError(
            f"must be 1 to {MAX_WIDTHS} widths in pixels from 1 to {MAX_WIDTH_PIXELS}, such as 480,640,1000"
        )
    return tuple(sorted(widths, reverse=True))


def _formats(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_each(_one_of(*EXTRA_FORMATS), text.lower())))


def _quality(text: str) -> dict[str, int]:
    pair = _matching("(jpeg|webp|avif)=([1-9][0-9]?|100)", "pairs such as jpeg=80,webp=78,avif=55, from 1 to 100")
    chosen: dict[str, int] = {}
    for part in _each(pair, text):
        name, _, value = part.partition("=")
        if name in chosen:
            raise ValueError(f"must have {name} only once")
        chosen[name] = int(value)
    return chosen


def _buckets(text: str) -> frozenset[str]:
    name = _matching("[A-Za-z0-9._-]{1,255}", "names of buckets")  # S3 allowed capitals and `_` until 2018
    return frozenset(_each(name, text))


def _tags(text: str) -> str:
    """Tags in S3's format (S3 user guide, "Categorizing your objects using tags")."""
    pairs = parse_qsl(text, keep_blank_values=True) if all("=" in part for part in text.split("&")) else []
    valid = all(re.fullmatch(TAG_NAME, name) and re.fullmatch(TAG_VALUE, value) for name, value in pairs)
    if not valid or not 1 <= len(pairs) <= 10 or len(dict(pairs)) < len(pairs):
        raise ValueError(
            "must be 1 to 10 tags such as team=shop&kind=rendition, each name once and at most 128 characters long, "
            "each value at most 256; of letters, digits, spaces and + - = . _ : / @, and no name starts with aws:"
        )
    return urlencode(pairs)


# S3 user guide, "General purpose bucket naming rules". Without access points' aliases, which could lead to the sources.
parse_bucket = _matching(
    r"(?!(\d+\.){3}\d+$)(?!xn--|sthree-|amzn-s3-demo-)(?!.*\.\.)(?!.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$)"
    r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
    "a bucket name: 3 to 63 lowercase letters, digits, hyphens and single dots, a letter or digit first and last, no "
    "IP address, and no beginning or end that S3 reserves, such as xn-- or -s3alias",
)
_queue_url = _matching(r"https?://\S+", "the URL of a queue, which starts with https://, not its ARN or name")
_event_bus = _matching(
    r"(arn:[a-z-]+:events:[a-z0-9-]+:[0-9]{12}:event-bus/)?[A-Za-z0-9._/-]{1,256}",
    "the name or the ARN of an EventBridge event bus",
)

# Each variable, the setting that it gives, and its parser.
VARIABLES: Final[Mapping[str, tuple[str, Parser]]] = {
    "RESIZER_OUTPUT_BUCKET": ("output_bucket", parse_bucket),
    "RESIZER_OUTPUT_PREFIX": ("output_prefix", _matching("[^/].*", "a prefix that does not start with a slash")),
    "RESIZER_SOURCE_PREFIX": ("source_prefix", str),
    "RESIZER_KEY_TEMPLATE": ("key_template", parse_key_template),
    "RESIZER_MAX_PIXELS": ("max_pixels", _positive),
    "RESIZER_MAX_BYTES": ("max_bytes", _positive),
    "RESIZER_BUCKETS": ("buckets", _buckets),
    "RESIZER_BUCKET_OWNER": ("bucket_owner", _matching("[0-9]{12}", "the 12 digits of an AWS account")),
    "RESIZER_KEEP_METADATA": ("keep_metadata", _one_of("copyright", "none", "all")),
    "RESIZER_TAGS": ("tags", _tags),
    # S3 serves these classes at once; an archived rendition cannot be served.
    "RESIZER_STORAGE_CLASS": (
        "storage_class",
        _one_of("GLACIER_IR", "INTELLIGENT_TIERING", "ONEZONE_IA", "REDUCED_REDUNDANCY", "STANDARD", "STANDARD_IA"),
    ),
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": ("function_memory", _positive),
    "RESIZER_ON_DELETE": ("on_delete", lambda text: _one_of("remove", "keep")(text.lower())),
    "RESIZER_REJECTIONS_QUEUE_URL": ("rejections_queue_url", _queue_url),
    "RESIZER_LARGE_FUNCTION": (
        "large_function",
        _matching("[A-Za-z0-9_:$-]{1,170}", "the name or the ARN of a Lambda function"),
    ),
    "RESIZER_EVENT_BUS": ("event_bus", _event_bus),
}
# The same for variables that override keys of `[defaults]` in the file.
OF_DEFAULTS: Final[Mapping[str, tuple[str, Parser]]] = {
    "RESIZER_WIDTHS": ("renditions", parse_widths),
    "RESIZER_FORMATS": ("formats", _formats),
    "RESIZER_QUALITY": ("quality", _quality),
    "RESIZER_CACHE_CONTROL": (
        "cache_control",
        _matching("[ -~]*", "printable ASCII, because it is sent as an HTTP header"),
    ),
}


def parsed(environ: Mapping[str, str], variables: Mapping[str, tuple[str, Parser]]) -> tuple[dict[str, Any], list[str]]:
    """The values of the variables that are set, by the names of their settings; and the mistakes, each by its variable.

    A variable that is empty or blank counts as not set.
    """
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    for variable, (name, parse) in variables.items():
        if text := environ.get(variable, "").strip():
            try:
                values[name] = parse(text)
            except ValueError as mistake:
                mistakes.append(f"{variable}={text!r}: {mistake}")
    return values, mistakes
