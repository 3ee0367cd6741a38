"""Finds the page of a TIFF that is the picture, and writes a new directory for it that Pillow can read."""

from __future__ import annotations

from collections import deque
from typing import IO, TYPE_CHECKING, Final

from resizer.errors import Reason, Rejected
from resizer.formats.camera_raw import REDUCED, SUB_DIRECTORIES, SUBFILE, is_camera_raw
from resizer.formats.prepared_file import PreparedFile
from resizer.formats.tiff_directory import LONG_KINDS, MAX_DATA, SHORT, SIZES, TiffReader
from resizer.formats.tiff_samples import COLOR_MAP, PALETTE, PHOTOMETRIC, SAMPLE_FORMAT, Samples, whole_palette
from resizer.formats.tiff_writer import DirectoryWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resizer.formats.tiff_directory import Directory, Field

MAX_PAGES: Final = 64  # searched for the picture
TRANSPARENCY_MASK: Final = 4  # bit of the subfile's kind
STRIPS, ORIENTATION, STRIP_SIZES, TILES, TILE_SIZES = 273, 274, 279, 324, 325
IPTC: Final = 33723
MAX_IPTC: Final = 262_144  # bytes; a JPEG has 64 KB at most, and each text costs Pillow a step
ICC: Final = 34675
# Tags that no rendition needs: the order of pages, and Photoshop's resources and layers.
DROPPED: Final = frozenset({SUBFILE, 255, SUB_DIRECTORIES, 34377, 37724})
POINTERS: Final = frozenset({34665, 34853, 40965})  # to directories with metadata, in the file's own format
LAST_STRUCTURAL: Final = 532  # tags up to here describe the layout of pixels; we never drop them


class Page:
    """One page of a file. Raises `Rejected` `unsupported_format` for a camera's raw file, `truncated` or `corrupt`."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.reader = TiffReader.of(stream)
        pages = list(_pages(self.reader))
        if not pages:
            raise Rejected(Reason.CORRUPT, "The TIFF has no picture in it.")
        if is_camera_raw(self.reader, pages):
            detail = "It is a camera's raw file; upload the JPEG or TIFF that was developed from it."
            raise Rejected(Reason.UNSUPPORTED_FORMAT, detail)
        self.directory = next((page for page in pages if _is_whole(self.reader, page)), pages[0])
        self.samples = Samples.of(self.reader, self.directory)
        self.held = 0  # bytes of values in the new directory

    def number(self, tag: int, default: int) -> int:
        """A tag's first number."""
        return self.reader.number(self.directory, tag, default)

    @property
    def is_cut(self) -> bool:
        """Whether a strip or a tile extends beyond the file's end."""
        for starts, sizes in ((STRIPS, STRIP_SIZES), (TILES, TILE_SIZES)):
            places = zip(*(self.reader.numbers(self.directory, tag) for tag in (starts, sizes)), strict=False)
            if any(start + size > self.reader.size for start, size in places):
                return True
        return False

    def prepared(self) -> PreparedFile:
        """The file with a new directory for this page after its end; the bytes between are unchanged."""
        reader = self.reader
        big = reader.big and reader.order == "<"  # Pillow does not read big-endian BigTIFFs
        padding = bytes(reader.size % 2)
        writer = DirectoryWriter(reader.order, big=big, at=reader.size + len(padding))
        for tag, value in self.directory.fields.items():
            if value.kind in SIZES and tag not in DROPPED and (tag not in POINTERS or big == reader.big):
                self._copy(writer, tag, value)
        self._mend(writer)
        tail = padding + writer.tobytes()
        self.held = writer.held
        head = writer.header()
        return PreparedFile(reader.stream, head=head, begin=len(head), end=reader.size, tail=tail)

    def _copy(self, writer: DirectoryWriter, tag: int, value: Field) -> None:
        most = MAX_IPTC if tag == IPTC else MAX_DATA
        if tag > LAST_STRUCTURAL and (value.size > most or value.at + value.size > self.reader.size):
            return
        if value.kind in LONG_KINDS and not writer.big:
            writer.put_numbers(tag, self.reader.numbers(self.directory, tag))
        else:
            writer.put(tag, value.kind, value.count, self.reader.data(value))

    def _mend(self, writer: DirectoryWriter) -> None:
        """Replace tags that Pillow reads wrongly, or not at all."""
        writer.put_numbers(ORIENTATION, (1,), SHORT)  # Pillow would turn the picture, even by XMP alone
        readable = self.samples.readable()
        if readable != self.samples:
            writer.put_numbers(PHOTOMETRIC, (readable.photometric,), SHORT)
            writer.put_numbers(SAMPLE_FORMAT, (readable.format,) * len(readable.bits), SHORT)
        if self.samples.photometric == PALETTE and (
            palette := whole_palette(self.reader.numbers(self.directory, COLOR_MAP))
        ):
            writer.put_numbers(COLOR_MAP, palette, SHORT)
        if self.samples.is_lab:
            writer.drop(ICC)  # the decoded colours are RGB


def _pages(reader: TiffReader) -> Iterator[Directory]:
    """The first `MAX_PAGES` pages in the file's order, each followed by its subpages."""
    waiting, seen = deque([reader.first]), set[int]()
    while waiting and len(seen) < MAX_PAGES:
        at = waiting.popleft()
        if not at or at in seen:
            continue
        try:
            page = reader.directory(at)
        except Rejected:
            if not seen:
                raise
            return  # use the pages before it
        seen.add(at)
        yield page
        waiting.extendleft(reversed(reader.numbers(page, SUB_DIRECTORIES)))
        if page.next:
            waiting.append(page.next)


def _is_whole(reader: TiffReader, page: Directory) -> bool:
    return not reader.number(page, SUBFILE, 0) & (REDUCED | TRANSPARENCY_MASK)
