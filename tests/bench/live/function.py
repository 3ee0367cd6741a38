"""The measured function's environment, and Lambda's log lines about it."""

from bench.account import Target
from tests.conftest import BUCKET

FUNCTION = "resizer-ResizeFunction-1"
COLD = (
    "START RequestId: 1\nREPORT RequestId: 1\tDuration: 812.34 ms\tBilled Duration: 1112 ms\tMemory Size: 256 MB\t"
    "Max Memory Used: 74 MB\tInit Duration: 299.50 ms\t\n"
)
WARM = (
    "REPORT RequestId: 2\tDuration: 120.10 ms\tBilled Duration: 121 ms\tMemory Size: 256 MB\tMax Memory Used: 80 MB\n"
)
# The environment variables of the template that matter here.
ENVIRONMENT = {
    "RESIZER_WIDTHS": "480,640",
    "RESIZER_OUTPUT_PREFIX": "resized/",
    "RESIZER_SOURCE_PREFIX": "",
    "RESIZER_BUCKETS": BUCKET,
    "RESIZER_REJECTIONS_QUEUE_URL": "https://queue",
    "RESIZER_LARGE_FUNCTION": "large:live",
    "POWERTOOLS_SERVICE_NAME": "resizer",
}
TARGET = Target(FUNCTION, 512, ENVIRONMENT, BUCKET)
