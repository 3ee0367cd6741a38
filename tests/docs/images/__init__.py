"""Checks for the rows of docs/images.md: one module for each kind of picture."""
