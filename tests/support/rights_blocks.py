"""XMP, IPTC and PNG texts as photographers' tools write them, made in code."""

import hashlib
import struct
from collections.abc import Callable
from typing import Any, Final

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.support.forged import segment, tiff
from tests.support.pictures import heic, saved

PICTURE: Final = Image.new("RGB", (8, 8), "red")
NAMESPACES: Final = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/" xmlns:exif="http://ns.adobe.com/exif/1.0/"'
)
# Texts that no rendition may keep: a caption, a place, a position, an e-mail address.
PRIVATE: Final = ("At her house", "Marylebone", "51,30.5N", "ada@example.org")


def description(inner: str, attributes: str = "") -> bytes:
    """An XMP packet whose one description holds this XML."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF {NAMESPACES}><rdf:Description rdf:about="" {attributes}>{inner}</rdf:Description></rdf:RDF>'
        '</x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def xmp(artist: str = "", notice: str = "") -> bytes:
    """An XMP packet like those of Adobe's programs, with private texts."""
    creators = f"<dc:creator><rdf:Seq><rdf:li>{artist}</rdf:li></rdf:Seq></dc:creator>" if artist else ""
    rights = f'<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">{notice}</rdf:li></rdf:Alt></dc:rights>'
    return description(
        f'<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{PRIVATE[0]}</rdf:li></rdf:Alt></dc:description>'
        f"<Iptc4xmpCore:Location>{PRIVATE[1]}</Iptc4xmpCore:Location>{creators}{rights if notice else ''}",
        f'exif:GPSLatitude="{PRIVATE[2]}" Iptc4xmpCore:CiEmailWork="{PRIVATE[3]}"',
    )


def dataset(record: int, number: int, value: bytes) -> bytes:
    """One dataset of IPTC-IIM."""
    return struct.pack(">BBBH", 0x1C, record, number, len(value)) + value


def iptc(artist: str = "", notice: str = "", encoding: str = "utf-8", declared: bytes = b"\x1b%G") -> bytes:
    """An IPTC block with private texts."""
    texts = [(80, artist), (90, PRIVATE[1]), (116, notice), (118, PRIVATE[3]), (120, PRIVATE[0])]
    first = dataset(1, 90, declared) if declared else b""
    return first + b"".join(dataset(2, number, text.encode(encoding)) for number, text in texts if text)


def resource(code: int, body: bytes) -> bytes:
    """One of Photoshop's image resources."""
    return b"8BIM" + struct.pack(">HHI", code, 0, len(body)) + body + bytes(len(body) % 2)


def jpeg_with_iptc(block: bytes, digest: bytes = b"", **options: Any) -> bytes:
    """A JPEG with IPTC, and with its digest if one is given."""
    resources = resource(0x0404, block) + (resource(0x0425, digest) if digest else b"")
    data = saved(PICTURE, "JPEG", **options)
    return data[:2] + segment(0xED, b"Photoshop 3.0\0" + resources) + data[2:]


def digest_of(block: bytes) -> bytes:
    """The digest that says that XMP was written from this IPTC."""
    return hashlib.md5(block, usedforsecurity=False).digest()


def png_with_texts(**texts: str) -> bytes:
    """A PNG with texts in UTF-8, by keyword."""
    info = PngInfo()
    for keyword, text in texts.items():
        info.add_itxt(keyword, text)
    return saved(PICTURE, "PNG", pnginfo=info)


def _png_with_xmp(packet: bytes, *, compressed: bool) -> bytes:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet.decode(), zip=compressed)
    return saved(PICTURE, "PNG", pnginfo=info)


def tiff_with(tag: int, block: bytes, kind: int) -> bytes:
    """A TIFF with a block in a tag of a type: 1 is bytes, 4 is 32-bit numbers, 7 is undefined."""
    block += bytes(-len(block) % 4)
    offset = 8 + 2 + 10 * 12 + 4
    return tiff(8, 8, (tag, kind, len(block) // (4 if kind == 4 else 1), offset), after=block)


WITH_XMP: Final[dict[str, Callable[[bytes], bytes]]] = {
    "JPEG": lambda packet: saved(PICTURE, "JPEG", xmp=packet),
    "PNG": lambda packet: _png_with_xmp(packet, compressed=False),
    "compressed PNG": lambda packet: _png_with_xmp(packet, compressed=True),
    "WebP": lambda packet: saved(PICTURE, "WEBP", xmp=packet),
    "TIFF": lambda packet: tiff_with(700, packet, 1),
    "AVIF": lambda packet: saved(PICTURE, "AVIF", speed=10, xmp=packet),
    "HEIC": lambda packet: heic(PICTURE, xmp=packet),
}
WITH_IPTC: Final[dict[str, Callable[[bytes], bytes]]] = {
    "JPEG": jpeg_with_iptc,
    "TIFF of bytes": lambda block: tiff_with(33723, block, 1),
    "TIFF of numbers": lambda block: tiff_with(33723, block, 4),
    "TIFF of undefined type": lambda block: tiff_with(33723, block, 7),
}
