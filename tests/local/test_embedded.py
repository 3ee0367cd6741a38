"""The embedded AWS listens on the address that `--host` names."""

import socket

import pytest

from resizer.errors import UsageError
from resizer.local.embedded import EVERY_ADDRESS, embedded_aws
from resizer.s3 import clients


@pytest.mark.parametrize(("host", "reached_at"), [("127.0.0.2", "127.0.0.2"), (EVERY_ADDRESS, "127.0.0.1")])
def test_the_host_can_be_chosen(host: str, reached_at: str) -> None:
    """S3 answers on the chosen host and on no other, and this process's clients use it."""
    with embedded_aws(host=host) as endpoint:
        assert endpoint.startswith(f"http://{reached_at}:")
        clients.client("s3").create_bucket(Bucket="elsewhere")
        port = int(endpoint.rpartition(":")[2])
        with socket.socket() as probe:
            open_on_loopback = probe.connect_ex(("127.0.0.1", port)) == 0
    assert open_on_loopback is (reached_at == "127.0.0.1")


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "::1"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    """A wrong host is one line that names the host and the option."""
    message = f"{host} is not an IPv4 address of this machine; choose another with --host"
    with pytest.raises(UsageError, match=message), embedded_aws(host=host):
        pass
