"""Resizer makes renditions of the images that are uploaded to an S3 bucket."""
