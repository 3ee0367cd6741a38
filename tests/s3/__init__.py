"""Tests of `resizer.s3`."""
