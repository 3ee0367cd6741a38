"""Where requests to a bucket go, and whether the environment says it plainly enough to go there directly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

# The partitions whose names of hosts are known here: commercial regions and GovCloud, and China.
SUFFIXES: Final = {"": "amazonaws.com", "cn-": "amazonaws.com.cn"}
PLAIN_REGION: Final = re.compile(r"(?!us-iso|eu-iso|eusc)[a-z]{2}(-gov)?-[a-z]+-\d+")
# A bucket name that may stand before a host's: without dots, which no wildcard certificate covers.
HOST_LABEL: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
# What sends requests elsewhere, or takes credentials from elsewhere, in ways that botocore knows.
DETOURS: Final = ("HTTPS_PROXY", "https_proxy", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_PROFILE")

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
    """The URL of another S3 than AWS's, by the same variables as boto3 reads."""
    if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    return environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL") or None


def place(bucket: str, key: str, region: str, url: str | None) -> Place:
    """Where an object is: on the bucket's own host at AWS, by a path elsewhere and where its name is no host's."""
    path = "/" + quote(key, safe="/~")
    if url:
        parts = urlsplit(url)
        return Place(parts.netloc, f"{parts.path.rstrip('/')}/{bucket}{path}", parts.scheme == "https")
    suffix = SUFFIXES.get(region[:3], SUFFIXES[""])
    if HOST_LABEL.fullmatch(bucket):
        return Place(f"{bucket}.s3.{region}.{suffix}", path, secure=True)
    return Place(f"s3.{region}.{suffix}", f"/{bucket}{path}", secure=True)
