"""Finds the page of a TIFF that is the picture, and rejects camera raw files.

Both begin alike, but a raw file's first page is a thumbnail.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from resizer.errors import Reason, Rejected
from resizer.formats.tiff_directory import Directory, Field, TiffFile

MAX_PAGES: Final = 64  # searched for the picture
SUBFILE, COMPRESSION, PHOTOMETRIC, SUB_DIRECTORIES = 254, 259, 262, 330
REDUCED, MASK = 1, 4  # bits of the subfile's kind

CANON: Final = b"CR\2"  # Canon's own header, at byte 8
# DNG 1.7: a tag of its first directory, samples of a colour filter array, and linear ones.
DNG_VERSION: Final = 50706
SENSOR_SAMPLES: Final = frozenset({32803, 34892})
# Tags that only describe a sensor: the filter's pattern (TIFF/EP), and how Canon slices the samples.
SENSOR_TAGS: Final = frozenset({33421, 33422, 50752})
# Compressions of Sony, Nikon, Samsung, Kodak, Pentax and Panasonic, by libtiff's and ExifTool's lists.
SENSOR_COMPRESSIONS: Final = frozenset(
    {262, 32767, 32769, 32770, 32772, 32867, 34316, 34713, 34826, 34828, 65000, 65535}
)

LAST_STRUCTURAL: Final = 532  # tags up to here describe the layout of pixels
POINTERS: Final = frozenset({34665, 34853})  # to the directories of EXIF and GPS
# The other tags that we use, with the maximum bytes of each: IPTC (Pillow parses its texts one by one), XMP, ratings,
# copyright, ICC profile, EXIF, GPS, and Windows' texts. Without Photoshop's layers, which may be larger than the
# picture.
METADATA: Final = {33723: 262_144} | dict.fromkeys(
    (700, 18246, 18249, 33432, 34675, *POINTERS, *range(40091, 40096)), 16_777_216
)


def find_page(file: TiffFile) -> Directory:
    """The first page that is not a reduced copy, with the tags that we use.

    Raises `Rejected` `unsupported_format` for a camera's raw file, `truncated` or `corrupt`.
    """
    pages = list(_pages(file))
    if not pages:
        raise Rejected(Reason.CORRUPT, "The TIFF has no picture in it.")
    is_canons = file.read(8, len(CANON)) == CANON and not file.big
    is_preview = DNG_VERSION in pages[0].fields and pages[0].number(SUBFILE, 0) & REDUCED
    if is_canons or is_preview or any(map(_has_sensor, pages)):
        detail = "It is a camera's raw file; upload the JPEG or TIFF that was developed from it."
        raise Rejected(Reason.UNSUPPORTED_FORMAT, detail)
    page = next(filter(_is_full, pages), pages[0])
    return replace(page, fields={tag: field for tag, field in page.fields.items() if _is_used(file, tag, field)})


def _is_full(page: Directory) -> bool:
    """Whether it is neither a reduced copy nor a mask."""
    return not page.number(SUBFILE, 0) & (REDUCED | MASK)


def _pages(file: TiffFile) -> Iterator[Directory]:
    """The first `MAX_PAGES` pages in the file's order, each followed by its subpages.

    Damaged pages raise `Rejected` unless a full one comes before them.
    """
    waiting, seen, has_full = deque([file.first]), set[int](), False
    while waiting and len(seen) < MAX_PAGES:
        at = waiting.popleft()
        if not at or at in seen:
            continue
        try:
            page = file.directory(at)
        except Rejected:
            if not has_full:
                raise
            return  # use the pages before it
        seen.add(at)
        has_full |= _is_full(page)
        yield page
        waiting.extendleft(reversed(page.numbers(SUB_DIRECTORIES)))
        waiting.append(page.next)


def _has_sensor(page: Directory) -> bool:
    """Whether a page has a sensor's samples.

    The maker's tags do not count: TIFFs exported by a camera's software have them, too.
    """
    return (
        not SENSOR_TAGS.isdisjoint(page.fields)
        or page.number(PHOTOMETRIC, 0) in SENSOR_SAMPLES
        or page.number(COMPRESSION, 1) in SENSOR_COMPRESSIONS
    )


def _is_used(file: TiffFile, tag: int, field: Field) -> bool:
    """Whether Pillow gets a tag. Raises `Rejected` `truncated` if the pixels need it and it is not in the file."""
    end = field.at + field.size
    if tag <= LAST_STRUCTURAL:
        file.require(end)
        return True
    if tag in POINTERS and file.big:
        return False  # we never write a BigTIFF, whose directories look different
    return end <= file.size and field.size <= METADATA.get(tag, -1)
