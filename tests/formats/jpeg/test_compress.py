"""A JPEG with tables of one's own choice holds the same pixels as Pillow's."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from PIL import ExifTags, Image

from resizer.formats.jpeg_parts import libjpeg
from resizer.formats.jpeg_parts.compress import Tables, compress
from resizer.formats.jpeg_parts.huffman import AC_SYMBOLS, DC_SYMBOLS
from tests.formats.jpeg.reference import by_pillow
from tests.support.pictures import noise, opened, photo_like

if TYPE_CHECKING:
    from collections.abc import Iterator


def whole(picture: Image.Image) -> list[range]:
    return [range(picture.height)]


def complete(tables: Tables) -> Tables:
    dc, ac = (
        (first.completed(symbols), second.completed(symbols))
        for (first, second), symbols in zip(tables, (DC_SYMBOLS, AC_SYMBOLS), strict=True)
    )
    return Tables(dc, ac)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3), (64, 48), (333, 217)])
@pytest.mark.parametrize("quality", [1, 80, 100])
def test_with_tables_of_its_own_it_is_pillows_file(mode: str, size: tuple[int, int], quality: int) -> None:
    """Gone through twice, a picture becomes byte for byte what Pillow's `optimize` makes of it."""
    picture = photo_like(*size).convert(mode)
    assert compress(picture, whole(picture), quality).data == by_pillow(picture, quality)


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("quality", [1, 80, 100])
def test_with_other_tables_the_pixels_are_the_same(mode: str, quality: int) -> None:
    """Completed tables of a plain picture write any other, down to noise at the highest quality, without a change."""
    plain, picture = Image.new(mode, (64, 64)), noise(200, 150).convert(mode)
    tables = complete(compress(plain, whole(plain), quality).tables)
    file = compress(picture, whole(picture), quality, tables)
    assert opened(file.data).tobytes() == opened(by_pillow(picture, quality)).tobytes()
    assert file.tables == tables


def test_parts_lie_below_one_another() -> None:
    """Of a picture in parts all rows are written in their order, also where Pillow holds it in several pieces."""
    picture = photo_like(2100, 2000)  # 16.8 MB
    parts = [range(1000), range(1000, 2000)]
    assert compress(picture, parts, 80).data == by_pillow(picture)
    some = compress(picture, [range(16, 48), range(1600, 1607)], 80)
    expected = Image.new("RGB", (2100, 39))
    expected.paste(picture.crop((0, 16, 2100, 48)), (0, 0))
    expected.paste(picture.crop((0, 1600, 2100, 1607)), (0, 32))
    assert some.data == by_pillow(expected)


@pytest.mark.parametrize("length", [0, 100, 65_000])
def test_exif_is_written_as_it_is(length: int) -> None:
    """The block of EXIF is in the file, up to the largest."""
    exif = Image.Exif()
    exif[ExifTags.Base.Copyright] = "s" * length
    picture = photo_like(60, 40)
    file = compress(picture, whole(picture), 80, exif=exif.tobytes())
    assert opened(file.data).info["exif"] == exif.tobytes()
    assert file.data == by_pillow(picture, exif=exif)


def test_threads_do_not_meet() -> None:
    """Pictures that are compressed at the same time come out as they do one by one."""
    pictures = [photo_like(300, 200, seed) for seed in range(16)]
    with ThreadPoolExecutor(8) as threads:
        files = list(threads.map(lambda picture: compress(picture, whole(picture), 80).data, pictures))
    assert files == [by_pillow(picture) for picture in pictures]


@pytest.fixture
def forgotten() -> Iterator[None]:
    """The library is looked for anew, before and after."""
    libjpeg.loaded.cache_clear()
    yield
    libjpeg.loaded.cache_clear()


def test_pillows_wheel_has_the_library() -> None:
    """What the project is pinned to can be called; without it every JPEG would take half as long again to write."""
    assert libjpeg.loaded() is not None


@pytest.mark.usefixtures("forgotten")
def test_a_library_of_another_version_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the library itself says that it is not the one that is declared, there is none, and nothing ends."""
    monkeypatch.setattr(libjpeg, "VERSION", 80)
    assert libjpeg.loaded() is None
    with pytest.raises(RuntimeError, match="libjpeg"):
        compress(photo_like(8, 8), [range(8)], 80)


@pytest.mark.usefixtures("forgotten")
def test_a_library_that_is_not_there_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Pillow has its libjpeg within itself, as on Windows, there is none to call."""
    monkeypatch.setattr("PIL._imaging.__file__", "/nowhere/_imaging.so")
    assert libjpeg.loaded() is None


def in_a_process(program: str, **environment: str) -> str:
    """What a program prints, which must end as programs do; in a process of its own, for it might not."""
    ended = subprocess.run(
        [sys.executable, "-c", dedent(program)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_what_is_interrupted_leaves_the_process_whole() -> None:
    """Where a part fails after much has been written, the file so far is let go of, once."""
    program = """
        from resizer.formats.jpeg_parts import compress
        from tests.support.pictures import noise
        picture = noise(1000, 400)
        addresses = compress.row_addresses
        def failing(picture, parts):
            for number, part in enumerate(addresses(picture, parts), 1):
                if number % 3 == 0:
                    raise KeyboardInterrupt
                yield part
        compress.row_addresses = failing
        for _ in range(20):
            try:
                compress.compress(picture, [range(0, 100), range(100, 200), range(200, 400)], 95)
            except KeyboardInterrupt:
                print("stopped")
    """
    assert in_a_process(program) == "\n".join(["stopped"] * 20)


def test_want_of_memory_is_told_and_not_the_end() -> None:
    """Where there is not enough memory, it is a MemoryError."""
    program = """
        import resource
        from resizer.formats.jpeg_parts.compress import compress
        from tests.support.pictures import noise
        picture = noise(4000, 3000)
        held = int(open("/proc/self/statm").read().split()[5]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_DATA, (held + 6_000_000, resource.RLIM_INFINITY))
        try:
            compress(picture, [range(top, top + 100) for top in range(0, 3000, 100)], 100)
        except MemoryError:
            print("too much")
    """
    assert in_a_process(program) == "too much"


@pytest.mark.parametrize(
    ("name", "value"), [("PILLOW_BLOCK_SIZE", "1m"), ("PILLOW_ALIGNMENT", "64"), ("JPEGMEM", "100m"), ("NONE", "")]
)
def test_settings_of_the_libraries_are_lived_with(name: str, value: str) -> None:
    """However Pillow and libjpeg have been told to use memory, a picture is written as a JPEG."""
    program = """
        from resizer.formats.jpeg_parts.encode import encode_jpeg
        from tests.support.pictures import noise, opened
        print(opened(encode_jpeg(noise(1001, 800), 80, b"")).size)
    """
    assert in_a_process(program, **{name: value}) == "(1001, 800)"
