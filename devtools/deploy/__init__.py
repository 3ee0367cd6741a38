"""`make deploy`: asks a few questions, or reads PARAMETERS, and then runs `sam deploy`."""
