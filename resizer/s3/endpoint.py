"""Where requests to a bucket go, and whether the environment says it plainly enough to go there directly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from botocore.exceptions import ParamValidationError

from resizer.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

# The partitions whose names of hosts are known here: commercial regions and GovCloud, and China.
SUFFIXES: Final = {"": "amazonaws.com", "cn-": "amazonaws.com.cn"}
PLAIN_REGION: Final = re.compile(r"(?!us-iso|eu-iso|eusc)[a-z]{2}(-gov)?-[a-z]+-\d+")
# A bucket name that may stand before a host's: without dots, which no wildcard certificate covers.
HOST_LABEL: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
# What may stand for a bucket in a request, as botocore has it; an ARN may not here.
BUCKET_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,255}")
# What sends requests elsewhere, or takes credentials from elsewhere, in ways that botocore knows.
DETOURS: Final = (
    "AWS_PROFILE",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "https_proxy",
    "http_proxy",
)

Origin = tuple[str, bool]  # a host with its port, over TLS or not


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object is asked for: a host with its port, over TLS or not, and the encoded path on it."""

    host: str
    path: str
    secure: bool

    @property
    def origin(self) -> Origin:
        """What a connection is made to, and serves for."""
        return self.host, self.secure


def is_plain(environ: Mapping[str, str]) -> bool:
    """Whether credentials, region and endpoint all stand in the environment, as they do in every Lambda function."""
    named = all(environ.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
    return bool(named and PLAIN_REGION.fullmatch(region(environ)) and not any(environ.get(name) for name in DETOURS))


def region(environ: Mapping[str, str]) -> str:
    """The region that the environment names; empty where it names none."""
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or ""


def configured(environ: Mapping[str, str]) -> str | None:
    """The URL of another S3 than AWS's, by the same variables as boto3 reads. Raises `ConfigError` where it is none."""
    if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    name = next((name for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL") if environ.get(name)), None)
    if name and not _is_url(environ[name]):
        raise ConfigError([f"{name}={environ[name]} is no endpoint; write it as https://host or http://host:port."])
    return environ[name] if name else None


def place(bucket: str, key: str, region: str, url: str | None) -> Place:
    """Where an object is: on the bucket's own host at AWS, by a path elsewhere and where its name is no host's.

    Raises `ParamValidationError`, as botocore does, for what cannot be a bucket's name.
    """
    host, folder, secure = _folder(bucket, region, url)
    return Place(host, f"{folder}/{quote(key, safe='/~')}", secure)


@lru_cache(maxsize=64)
def _folder(bucket: str, region: str, url: str | None) -> tuple[str, str, bool]:
    """What the places of a bucket's objects share: host, path and whether over TLS."""
    if not BUCKET_NAME.fullmatch(bucket):
        report = f"{bucket!r} is not the name of a bucket, which has letters, digits, dots and hyphens only."
        raise ParamValidationError(report=report)
    if url:
        parts = urlsplit(url)
        return parts.netloc, f"{parts.path.rstrip('/')}/{bucket}", parts.scheme == "https"
    suffix = SUFFIXES.get(region[:3], SUFFIXES[""])
    if HOST_LABEL.fullmatch(bucket):
        return f"{bucket}.s3.{region}.{suffix}", "", True
    return f"s3.{region}.{suffix}", f"/{bucket}", True


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port or an IPv6 address that is none
        return False
