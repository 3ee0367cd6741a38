"""The whole bill of a month, line by line: Lambda, S3 and everything else that AWS charges for."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from resizer.cli.cost import Cost, Line
from resizer.cli.prices import Price, Prices

# Measured log bytes per upload: the handler's line, its metrics, and Lambda's `platform.start` and `platform.report` in
# JSON format. A test checks this figure.
LOG_BYTES: Final = 2200
METRICS: Final = 9  # custom metrics of every stack; each reason for rejections adds one
DASHBOARDS: Final = 1
SECONDS_A_MONTH: Final = 30 * 24 * 3600
# X-Ray's default rule: the first request of each second, and 5 percent of the others.
TRACED_SHARE: Final = 0.05
MESSAGES_AN_UPLOAD: Final = 3  # S3 sends one, Lambda receives and deletes it
# Lambda polls a queue with five pollers; each request waits up to 20 seconds, even if no message comes.
POLLS_A_MONTH: Final = 5 * SECONDS_A_MONTH // 20


class Trigger(StrEnum):
    """How uploads reach the function; values of the template's parameter `Trigger`."""

    EVENTBRIDGE = "eventbridge"
    S3 = "s3"
    SQS = "sqs"


ALARMS: Final = {Trigger.EVENTBRIDGE: 19, Trigger.S3: 18, Trigger.SQS: 19}  # alarms in the template


@dataclass(frozen=True, slots=True)
class Stack:
    """The parts of a deployment that change the bill. With an output bucket, renditions send no events."""

    trigger: Trigger = Trigger.EVENTBRIDGE
    renditions: int = 3
    own_output_bucket: bool = False
    traced: bool = True
    event_bus: bool = False


def whole_bill(month: Cost, images: float, stack: Stack, prices: Prices, *, free_tier: bool = False) -> list[Line]:
    """Every line of the bill for a month with `images` uploads; `month` has the lines of Lambda and S3.

    Storage, traffic to browsers and your own KMS keys are not included.
    """

    def line(label: str, units: float, price: Price, *, fixed: bool = False) -> Line:
        return Line(label, units, price.of(units, free_tier=free_tier), price, fixed)

    events = [line("EventBridge events about images", images, prices.event)] if stack.event_bus else []
    traces = min(images, SECONDS_A_MONTH) + TRACED_SHARE * max(0.0, images - SECONDS_A_MONTH)
    return [
        *month.lines,
        trigger_line(stack, images, prices, free_tier=free_tier),
        *events,
        line("log ingestion, GB", images * LOG_BYTES / 1e9, prices.log_gb),
        line("X-Ray traces, at most", traces if stack.traced else 0, prices.trace),
        line("custom metrics", METRICS, prices.metric, fixed=True),
        line("alarms", ALARMS[stack.trigger], prices.alarm, fixed=True),
        line("dashboard", DASHBOARDS, prices.dashboard, fixed=True),
    ]


def trigger_line(stack: Stack, images: float, prices: Prices, *, free_tier: bool = False) -> Line:
    """The monthly cost of the trigger. A bucket sends all its events to EventBridge, including those of renditions."""
    match stack.trigger:
        case Trigger.EVENTBRIDGE:
            label, price = "EventBridge events", prices.event
            units = images * (1 if stack.own_output_bucket else 1 + stack.renditions)
        case Trigger.SQS:
            label, price, units = "SQS requests", prices.message, images * MESSAGES_AN_UPLOAD + POLLS_A_MONTH
        case Trigger.S3:
            return Line("S3 notifications", images, 0.0, prices.put)
    return Line(label, units, price.of(units, free_tier=free_tier), price)
