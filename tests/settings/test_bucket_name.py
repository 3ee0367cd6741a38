"""A bucket's name must follow S3's rules, in settings and on the command line."""

import pytest
from typer.testing import CliRunner

from resizer.cli.commands import app
from resizer.errors import UsageError
from resizer.settings.environment import parse_bucket


@pytest.mark.parametrize("name", ["photos", "a.b-c", "123", "a" * 63, "1.2.3.4x", "xn-photos"])
def test_valid_names_are_accepted(name: str) -> None:
    """Names that the S3 user guide allows are accepted."""
    assert parse_bucket(name) == name


def test_invalid_names_are_refused() -> None:
    """Any other name is refused with the rule that it breaks; on the command line it is a usage error."""
    for name in [
        "Bad_Name!",
        "x",
        "ab",
        "A b",
        "a" * 64,
        "-p",
        "photos-",
        ".photos",
        "pho..tos",
        "192.168.5.4",
        "",
        "fotós",
        "photos\n",
        "xn--photos",
        "sthree-photos",
        "amzn-s3-demo-photos",
        "photos-s3alias",
        "photos--ol-s3",
        "photos.mrap",
        "photos--x-s3",
        "photos--table-s3",
    ]:
        with pytest.raises(ValueError, match="must be a bucket name: "):
            parse_bucket(name)
        refused = CliRunner().invoke(app, ["up", "--bucket", name]).exception
        assert isinstance(refused, UsageError)
        assert str(refused).startswith(f"The bucket {name!r} cannot be created: its name must be ")
