"""A bug of ours while an image is read fails the record and alarms; the image is never blamed."""

import io
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from PIL.ImageFile import ImageFile

from resizer import handler, metrics
from resizer.decode.frames import decode
from resizer.decode.header import after_pixels, open_image
from resizer.errors import RecordsFailed, Rejected
from resizer.formats import SOURCES
from resizer.formats.pillow_private import Pixels, PlainPng
from resizer.s3 import clients
from tests.conftest import BUCKET, context, notification
from tests.support.decoding import LIMITS
from tests.support.memory_s3 import MemoryS3
from tests.support.mistakes import MISTAKES, mistake
from tests.support.small_files import small_files

FILES = small_files()
STEPS = ("open", "describe", "frames", "after_pixels")
ONE_OF_EACH = {
    "JPEG": "baseline.jpg",
    "PNG": "rgb.png",
    "WEBP": "lossy.webp",
    "GIF": "still.gif",
    "TIFF": "raw.tif",
    "BMP": "rgb.bmp",
    "ICO": "png.ico",
    "JPEG2000": "boxed.jp2",
    "AVIF": "still.avif",
    "HEIF": "turned.heic",
}


class FailingStream(io.BytesIO):
    """A file that calls `fail` on one of its reads, counted from 1."""

    def __init__(self, data: bytes, fails_at: int = 0, fail: Callable[..., object] = print) -> None:
        super().__init__(data)
        self.reads, self.fails_at, self.fail = 0, fails_at, fail

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        if self.reads == self.fails_at:
            self.fail()
        return super().read(size)


def read(name: str, stream: Any = None) -> None:
    """Open and decode one of the files, or a stream with its bytes."""
    limits = replace(LIMITS, file_size=len(FILES[name]))
    image, header = open_image(stream or io.BytesIO(FILES[name]), limits)
    for _ in decode(image, header, (1000, 1)):
        pass
    after_pixels(image, header, limits)


def assert_not_rejected(name: str, stream: Any = None) -> None:
    """Reading raises an error that is not a rejection."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 # Pillow may raise another error in its place
        read(name, stream)
    assert not isinstance(raised.value, Rejected), raised.value


def test_a_bug_in_any_read_is_raised() -> None:
    """Pillow, its plugins and its decoders read from our streams; a bug there never means a damaged file."""
    for name, data in FILES.items():
        whole = FailingStream(data)
        read(name, whole)
        for at in {1, 2, 3, whole.reads // 2, whole.reads - 1, whole.reads} & {*range(1, whole.reads + 1)}:
            for kind in MISTAKES:
                assert_not_rejected(name, FailingStream(data, at, mistake(kind)))


@pytest.mark.parametrize("step", STEPS)
def test_a_bug_in_a_step_of_a_format_is_raised(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in any step of a format's class is raised unchanged."""
    for format_, name in ONE_OF_EACH.items():
        for kind in MISTAKES:
            with monkeypatch.context() as patched:
                patched.setattr(type(SOURCES[format_]), step, mistake(kind))
                with pytest.raises(kind, match="our mistake"):
                    read(name)


def test_a_bug_in_a_method_that_pillow_calls_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow calls methods of our image classes, and takes their errors for a damaged file; a bug is raised anyway."""
    ours: list[tuple[type[ImageFile], tuple[str, ...], tuple[str, ...]]] = [
        (PlainPng, ("load_read", "load_end"), ("rgb.png", "animated.png", "png.ico")),
        (Pixels, ("_open",), ("still.gif", "animated.gif", "rgb.bmp", "bmp.ico")),
    ]
    for class_, methods, names in ours:
        for name, method in product(names, methods):
            for kind in MISTAKES:
                with monkeypatch.context() as patched:
                    patched.setattr(class_, method, mistake(kind))
                    assert_not_rejected(name)


def test_a_bug_fails_the_record_and_alarms(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in any step of any format gives the outcome `failed`, counts for the alarm, and makes Lambda retry."""
    s3, counted, add = MemoryS3(), dict[str, float](), metrics.metrics.add_metric

    def add_metric(name: str, unit: Any, value: float) -> None:
        counted[name] = value
        add(name, unit, value)

    monkeypatch.setattr(clients, "s3", lambda: s3)
    monkeypatch.setattr(metrics.metrics, "add_metric", add_metric)
    for format_, name in ONE_OF_EACH.items():
        s3.put_object(Bucket=BUCKET, Key=name, Body=FILES[name])
        for step in STEPS:
            for kind in (AttributeError, NameError, ImportError, AssertionError, TypeError):
                with monkeypatch.context() as patched:
                    patched.setattr(type(SOURCES[format_]), step, mistake(kind))
                    with pytest.raises(RecordsFailed, match="our mistake"):
                        handler.lambda_handler(notification(name), context())
                assert (counted["Failed"], counted["Rejected"]) == (1, 0)
