"""Benchmarks: the price of each memory size, other libraries, and regressions."""
