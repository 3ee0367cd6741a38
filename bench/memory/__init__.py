"""Compares the memory plan with measured peaks."""
