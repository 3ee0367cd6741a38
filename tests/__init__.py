"""Tests of Resizer; folders mirror the packages."""
