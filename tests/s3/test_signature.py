"""Requests are signed as AWS describes it, and as botocore signs them: `resizer.s3.signature`."""

from __future__ import annotations

import hashlib
import hmac
import re
import string
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from resizer.s3.endpoint import place
from resizer.s3.signature import Credentials, signed

NOW = datetime(2013, 5, 24, tzinfo=UTC)
# Of the example in the S3 API reference; nobody's.
KEYS = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
VALUES = st.text(string.ascii_letters + string.digits + ' -_.=;/"', min_size=1).filter(str.strip)
LATIN_1 = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"))
NAMES = st.sampled_from(["Cache-Control", "If-Match", "Content-Type", "x-amz-meta-width", "x-amz-tagging"])


def test_the_example_of_the_s3_reference() -> None:
    """A GET of bytes 0 to 9 of /test.txt has the signature that the API reference computes for it."""
    headers = {"Host": "examplebucket.s3.amazonaws.com", "Range": "bytes=0-9"}
    complete = signed("GET", "/test.txt", headers, b"", Credentials(*KEYS), "us-east-1", NOW)
    expected = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    assert complete["Authorization"].endswith(f"Signature={expected}")


@given(LATIN_1)
def test_every_byte_that_is_sent_is_signed(value: str) -> None:
    """A value's bytes are signed as they travel: a letter's second byte may look like a blank to Python."""
    headers = {"Host": "photos.test", "Content-Disposition": f"a{value}b"}
    complete = signed("PUT", "/cat.jpg", headers, b"", Credentials(*KEYS), "us-east-1", NOW)
    blanks = re.sub(b" +", b" ", f"a{value}b".encode("latin-1"))
    date, payload = (complete[name].encode() for name in ("X-Amz-Date", "X-Amz-Content-SHA256"))
    lines = [b"PUT", b"/cat.jpg", b"", b"content-disposition:" + blanks, b"host:photos.test"]
    lines += [b"x-amz-content-sha256:" + payload, b"x-amz-date:" + date, b""]
    lines += [b"content-disposition;host;x-amz-content-sha256;x-amz-date", payload]
    scope = "20130524/us-east-1/s3/aws4_request"
    canonical = hashlib.sha256(b"\n".join(lines)).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{date.decode()}\n{scope}\n{canonical}"
    key = f"AWS4{KEYS[1]}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    assert complete["Authorization"].endswith(f"Signature={key.hex()}")


@given(
    key=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    headers=st.dictionaries(NAMES, VALUES),
    body=st.binary(max_size=20),
    token=st.none() | st.just("FwoGZXIvYXdzEXAMPLE=="),
    method=st.sampled_from(["GET", "HEAD", "PUT", "DELETE"]),
)
def test_botocore_signs_the_same(
    key: str, headers: dict[str, str], body: bytes, token: str | None, method: str
) -> None:
    """For any key, headers and body the signature is the one that botocore makes."""
    where = place("photos", key, "eu-central-1", None)
    asked = {**headers, "Host": where.host}
    ours = signed(method, where.path, asked, body, Credentials(*KEYS, token), "eu-central-1", NOW)
    request = AWSRequest(method, f"https://{where.host}{where.path}", headers=asked, data=body)
    request.context["payload_signing_enabled"] = True
    assert ours["Authorization"] == signed_by_botocore(request, token)


def signed_by_botocore(request: AWSRequest, token: str | None) -> Any:
    signer = auth.S3SigV4Auth(BotocoreCredentials(*KEYS, token), "s3", "eu-central-1")
    with patch.object(auth, "get_current_datetime", lambda **_: NOW.replace(tzinfo=None)):
        signer.add_auth(request)
    return request.headers["Authorization"]
