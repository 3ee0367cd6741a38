"""The command line and the local service; never part of the Lambda artifact."""
