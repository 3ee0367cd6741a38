"""AWS Signature Version 4, for requests to S3.

By the S3 API reference, "Authenticating Requests: Using the Authorization Header": the path is encoded once, every
header is signed, and the payload is named by its SHA-256.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

ALGORITHM: Final = "AWS4-HMAC-SHA256"
BLANKS: Final = re.compile(" +")  # ASCII ones only: a no-break space is half of a letter in UTF-8


@dataclass(frozen=True, slots=True)
class Credentials:
    """Whose requests these are; `token` is None for keys that do not expire."""

    access_key: str
    secret_key: str
    token: str | None = None


def signed(  # noqa: PLR0913, PLR0917 # a signature is over all of these
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    credentials: Credentials,
    region: str,
    now: datetime,
) -> dict[str, str]:
    """The headers of a request with those that sign it added.

    `path` is percent-encoded and without a query, `headers` hold `Host`, and `now` is in UTC.
    """
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    payload = hashlib.sha256(body).hexdigest()
    complete = {**headers, "X-Amz-Date": moment, "X-Amz-Content-SHA256": payload}
    if credentials.token:
        complete["X-Amz-Security-Token"] = credentials.token
    canonical = sorted((name.lower(), BLANKS.sub(" ", value.strip(" \t"))) for name, value in complete.items())
    names = ";".join(name for name, _ in canonical)
    lines = [method, path, "", *(f"{name}:{value}" for name, value in canonical), "", names, payload]
    # Header values travel as Latin-1, so these are the bytes that S3 sees.
    request = hashlib.sha256("\n".join(lines).encode("latin-1")).hexdigest()
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    key = _key(credentials.secret_key, moment[:8], region)
    signature = _hmac(key, f"{ALGORITHM}\n{moment}\n{scope}\n{request}").hex()
    return {
        **complete,
        "Authorization": f"{ALGORITHM} Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}",
    }


@lru_cache(maxsize=4)
def _key(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
