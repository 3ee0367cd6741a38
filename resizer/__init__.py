"""Resizer: renditions of the images that land in an S3 bucket."""
