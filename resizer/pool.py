"""The threads that requests to S3 are made in, while the main one computes."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor

# Made once per environment; three, so that a set of three widths never waits for a place.
executor: Executor = ThreadPoolExecutor(max_workers=3, thread_name_prefix="request")
