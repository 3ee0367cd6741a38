"""The only code that talks to S3."""

from typing import Any, TypeAlias

# botocore's S3 client, whose methods have no types, or what tests and the command line put in its place.
S3: TypeAlias = Any
