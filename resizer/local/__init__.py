"""The local service. The Lambda artifact does not contain it."""
