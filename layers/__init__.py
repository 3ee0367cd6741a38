"""The artifacts that Lambda runs: the function's code and its layers, built without Docker."""
