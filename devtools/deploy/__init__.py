"""`make deploy`: a few questions or PARAMETERS, then `sam deploy`, which asks nothing."""
