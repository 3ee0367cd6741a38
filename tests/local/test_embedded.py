"""The embedded AWS listens where it is told to."""

from __future__ import annotations

import socket

import pytest

from resizer.errors import UsageError
from resizer.local.embedded import EVERY_ADDRESS, embedded_aws
from resizer.s3 import clients


@pytest.mark.parametrize(("host", "reached_at"), [("127.0.0.2", "127.0.0.2"), (EVERY_ADDRESS, "127.0.0.1")])
def test_another_address_of_this_machine(host: str, reached_at: str) -> None:
    """With a host of somebody's choice, S3 answers there, and this process's clients find it."""
    with embedded_aws(host=host) as endpoint:
        assert endpoint.startswith(f"http://{reached_at}:")
        clients.client("s3").create_bucket(Bucket="elsewhere")
        port = int(endpoint.rpartition(":")[2])
        with socket.socket() as probe:
            others_reach_it = probe.connect_ex(("127.0.0.1", port)) == 0
    assert others_reach_it is (reached_at == "127.0.0.1")


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "::1"])
def test_an_address_that_is_not_this_machines_is_told(host: str) -> None:
    """A wrong host is one line that names it and the option."""
    told = f"{host} is not an IPv4 address of this machine; choose another with --host"
    with pytest.raises(UsageError, match=told), embedded_aws(host=host):
        pass
