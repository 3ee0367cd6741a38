"""Reads artist and copyright from XMP, which is untrusted XML, and from IPTC-IIM."""

import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

from PIL import IptcImagePlugin
from PIL.ImageFile import ImageFile

BETWEEN: Final = "; "  # separates several names in one tag (EXIF 2.32, tag 0x013B)

MAX_XMP_BYTES: Final = 262_144  # only these are read; editors append their long lists at the end
RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
DUBLIN_CORE: Final = "{http://purl.org/dc/elements/1.1/}"
LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"

DATASET: Final = 0x1C  # the first byte of each dataset (IPTC-IIM 4.2, 1.5)
CHARACTER_SET, BY_LINE, COPYRIGHT_NOTICE = (1, 90), (2, 80), (2, 116)
UTF_8: Final = b"\x1b%"  # ISO 2022's escape to other character sets; in practice always UTF-8


class Rights(NamedTuple):
    """Artist and copyright, one line each, empty if unknown."""

    artist: str = ""
    copyright: str = ""


def one_line(text: str) -> str:
    """A text on one line, without blanks and zeros at its ends."""
    return " ".join(text.replace("\0", " ").split())


class _Builder(ET.TreeBuilder):
    def doctype(self, *_: object) -> None:
        raise ValueError("it has a document type, which could declare entities")


def rights_in_xmp(packet: bytes, warn: Callable[[str], None]) -> Rights:
    """`dc:creator` and `dc:rights` of XMP in UTF-8 (ISO 16684-1), several creators separated by semicolons.

    If the rights have several languages, the default is used. A packet that is invalid or has a document type is
    ignored, and `warn` is called. Only the first `MAX_XMP_BYTES` are read. Nothing is raised.
    """
    if b"creator" not in packet and b"rights" not in packet:
        return Rights()
    builder = _Builder()
    root = builder.start("packet", {})
    parser = ET.XMLParser(target=builder, encoding="UTF-8")  # noqa: S314 # without a document type there are no entities
    try:
        parser.feed(packet[:MAX_XMP_BYTES].rstrip(b"\0"))
        if len(packet) <= MAX_XMP_BYTES:
            parser.close()
    except (ET.ParseError, ValueError) as problem:
        warn(f"The XMP cannot be read, and is ignored: {problem}.")
        return Rights()
    # Descriptions of the pictures that this one was made from are nested deeper.
    descriptions = [found for rdf in root.iter(f"{RDF}RDF") for found in rdf.findall(f"{RDF}Description")]
    creators = [text for _, text in _texts(descriptions, f"{DUBLIN_CORE}creator")]
    rights = list(_texts(descriptions, f"{DUBLIN_CORE}rights"))
    default = [text for language, text in rights if language == "x-default"]
    return Rights(BETWEEN.join(creators), (default or [text for _, text in rights] or [""])[0])


def _texts(descriptions: Iterable[ET.Element], name: str) -> Iterator[tuple[str, str]]:
    """Each text of a property with its language, in every form that RDF allows."""
    for description in descriptions:
        if text := one_line(description.get(name, "")):
            yield "", text
        for element in description.findall(name):
            for item in element.findall(f"*/{RDF}li") or [element]:
                if text := one_line(item.text or ""):
                    yield item.get(LANGUAGE, ""), text


def rights_in_iptc(image: ImageFile, warn: Callable[[str], None]) -> Rights:
    """The by-lines and the copyright notice of a JPEG's or TIFF's IPTC-IIM, version 4: datasets 2:80 and 2:116.

    They are read as UTF-8 if they are valid UTF-8, whether 1:90 says so or not, else as Windows-1252, which most
    programs wrote. An unreadable block is ignored with a warning. Nothing is raised.
    """
    try:
        found = IptcImagePlugin.getiptcinfo(image) or {}
    except (SyntaxError, OSError, struct.error, TypeError) as problem:
        warn(f"The IPTC cannot be read, and is ignored: {problem}.")
        return Rights()
    declared, by_lines, notices = (_values(found.get(key)) for key in (CHARACTER_SET, BY_LINE, COPYRIGHT_NOTICE))
    if any(DATASET in value for value in declared + by_lines + notices):  # the rest cannot be trusted
        warn("The IPTC cannot be read, and is ignored: a text runs into the next dataset.")
        return Rights()
    is_utf_8 = any(value.startswith(UTF_8) for value in declared)
    artists, owners = (
        [text for value in values if (text := _decoded(value, is_utf_8=is_utf_8))] for values in (by_lines, notices)
    )
    return Rights(BETWEEN.join(artists), owners[0] if owners else "")


def _values(dataset: object) -> list[bytes]:
    """A dataset's values: Pillow gives a list where there are several, and None for an empty one."""
    return [each for each in (dataset if isinstance(dataset, list) else [dataset]) if isinstance(each, bytes)]


def _decoded(text: bytes, *, is_utf_8: bool) -> str:
    try:
        return one_line(text.decode())
    except UnicodeDecodeError as problem:
        if is_utf_8 and problem.end == len(text):  # programs truncate by-lines to 32 bytes, even within a character
            return one_line(text[: problem.start].decode())
        return one_line(text.decode("cp1252", "replace"))
