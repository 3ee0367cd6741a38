"""Tells camera raw files from ordinary TIFFs: both begin alike, but a raw file's first page is a thumbnail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resizer.formats.tiff_directory import Directory, TiffReader

SUBFILE, COMPRESSION, PHOTOMETRIC, SUB_DIRECTORIES = 254, 259, 262, 330
REDUCED: Final = 1  # bit of the subfile's kind
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


def is_camera_raw(reader: TiffReader, directories: Iterable[Directory]) -> bool:
    """Whether one of the directories has a sensor's samples; they are in the file's order.

    The maker's tags do not count: TIFFs exported by a camera's software have them, too.
    """
    if reader.read(8, len(CANON)) == CANON and not reader.big:
        return True
    for number, directory in enumerate(directories):
        if not number and DNG_VERSION in directory.fields and reader.number(directory, SUBFILE, 0) & REDUCED:
            return True
        if not SENSOR_TAGS.isdisjoint(directory.fields):
            return True
        if reader.number(directory, PHOTOMETRIC, 0) in SENSOR_SAMPLES:
            return True
        if reader.number(directory, COMPRESSION, 1) in SENSOR_COMPRESSIONS:
            return True
    return False
