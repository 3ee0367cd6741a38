"""The threads that requests to S3 are made in, while the main one computes."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Final

WORKERS: Final = 3  # so that a set of three widths never waits for a place
# Made once per environment.
executor: Executor = ThreadPoolExecutor(WORKERS, thread_name_prefix="request")
