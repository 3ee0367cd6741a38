"""S3's own rules for the names of buckets, by the S3 user guide, "General purpose bucket naming rules"."""

from __future__ import annotations

import re
from typing import Final

NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
ADDRESS: Final = re.compile(r"(\d+\.){3}\d+", re.ASCII)
RESERVED_STARTS: Final = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_ENDS: Final = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def bucket_name_mistake(name: str) -> str | None:
    """Say why S3 would make no bucket of this name, in words that follow the name; None where it would."""
    if not NAME.fullmatch(name) or ".." in name or ADDRESS.fullmatch(name):
        rule = "3 to 63 lowercase letters, digits, hyphens and single dots, a letter or digit first and last, no IP"
    elif name.startswith(RESERVED_STARTS) or name.endswith(RESERVED_ENDS):
        rule = "S3 reserves this beginning or end of a name for itself"
    else:
        return None
    return f"must be a bucket's name: {rule}"
