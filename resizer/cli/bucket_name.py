"""S3's own rules for the names of buckets, by the S3 user guide, "General purpose bucket naming rules"."""

from __future__ import annotations

import re
from typing import Final

from resizer.errors import UsageError

NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
ADDRESS: Final = re.compile(r"(\d+\.){3}\d+", re.ASCII)
RESERVED_STARTS: Final = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_ENDS: Final = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def check_bucket_name(name: str) -> None:
    """Raise `UsageError` where S3 would make no bucket of this name."""
    if not NAME.fullmatch(name) or ".." in name or ADDRESS.fullmatch(name):
        rule = "3 to 63 small letters, digits, hyphens and single dots, a letter or digit first and last, no IP address"
    elif name.startswith(RESERVED_STARTS) or name.endswith(RESERVED_ENDS):
        rule = "S3 keeps this beginning or end of a name for itself"
    else:
        return
    raise UsageError(f"{name!r} cannot be a bucket's name: {rule}.")
