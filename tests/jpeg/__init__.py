"""The service's own S3 client."""
