"""Artist and copyright are read from XMP and IPTC as intended, and hostile blocks do no harm."""

import io
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from resizer.metadata.rights import MAX_XMP_BYTES, Rights, rights_in_iptc, rights_in_xmp
from tests.conftest import PROJECT
from tests.support.pictures import saved
from tests.support.rights_blocks import dataset, description, iptc, xmp

BOTH = Rights("Ada Lovelace", "© 2024 Müller 写真家")
JPEG = saved(Image.new("L", (8, 8)), "JPEG")
XMP, IPTC = xmp(BOTH.artist, BOTH.copyright), iptc(BOTH.artist, BOTH.copyright)
SEVERAL = "<rdf:li>Ada</rdf:li><rdf:li> </rdf:li><rdf:li>Mary\n Somerville</rdf:li>"
LANGUAGES = '<rdf:li xml:lang="fr">Tous droits</rdf:li><rdf:li xml:lang="{}">All rights</rdf:li>'


def in_iptc(block: bytes, warn: Callable[[str], None]) -> Rights:
    """The names in the IPTC block of a JPEG."""
    image = Image.open(io.BytesIO(JPEG))
    image.info["photoshop"] = {0x0404: block}
    return rights_in_iptc(image, warn)


def no_warning(text: str) -> None:
    raise AssertionError(text)


def ignore(_: str) -> None:
    """Ignore a warning."""


def test_every_form_of_xmp_is_read() -> None:
    """Lists, languages, attributes, plain texts and any prefix give the same two texts, each on one line."""
    for packet, expected in [
        (XMP, BOTH),
        (XMP + b"\n" * 2000 + b"\0", BOTH),
        (b'<?xml version="1.0" encoding="zlib"?>' + XMP, BOTH),
        (xmp("Ada &amp; Sons &#169;"), Rights("Ada & Sons ©")),
        (xmp("<![CDATA[Ada <3]]>"), Rights("Ada <3")),
        (description(f"<dc:creator><rdf:Seq>{SEVERAL}</rdf:Seq></dc:creator>"), Rights("Ada; Mary Somerville")),
        (description(f"<dc:creator><rdf:Bag>{SEVERAL}</rdf:Bag></dc:creator>"), Rights("Ada; Mary Somerville")),
        (
            description(f"<dc:rights><rdf:Alt>{LANGUAGES.format('x-default')}</rdf:Alt></dc:rights>"),
            Rights("", "All rights"),
        ),
        (description(f"<dc:rights><rdf:Alt>{LANGUAGES.format('en')}</rdf:Alt></dc:rights>"), Rights("", "Tous droits")),
        (description("<dc:creator>Ada</dc:creator>", 'dc:rights="mine"'), Rights("Ada", "mine")),
        (description("<creator xmlns='http://purl.org/dc/elements/1.1/'>Ada</creator>"), Rights("Ada")),
        (XMP.replace(b"dc:", b"x:").replace(b"xmlns:dc", b"xmlns:x"), BOTH),
        (XMP.replace(b"dc:creator", b"dc:format").replace(b"dc:rights", b"dc:type"), Rights()),
        (b"", Rights()),
    ]:
        assert rights_in_xmp(packet, no_warning) == expected


@pytest.mark.parametrize(
    "inner",
    [
        "<Iptc4xmpCore:creator>Ada</Iptc4xmpCore:creator>",
        "<exif:Of><rdf:Description><dc:creator>Ada</dc:creator></rdf:Description></exif:Of>",
        "<exif:Of><rdf:Bag><rdf:li><dc:creator>Ada</dc:creator></rdf:li></rdf:Bag></exif:Of>",
        '<exif:Of><rdf:Description dc:creator="Ada"/></exif:Of>',
        "<dc:creator><exif:Email>ada@example.org</exif:Email></dc:creator>",
        "<dc:creator><rdf:Seq><rdf:li><exif:Email>ada@example.org</exif:Email></rdf:li></rdf:Seq></dc:creator>",
        "<exif:Names><rdf:Seq><rdf:li>creator</rdf:li></rdf:Seq></exif:Names>",
    ],
)
def test_other_names_in_xmp_are_ignored(inner: str) -> None:
    """Creators of a picture's sources, and other names nearby, are not taken for its own."""
    assert rights_in_xmp(description(inner), no_warning) == Rights()


def entity_bomb() -> bytes:
    """Nested entities that would expand to 1.3 GB of XML."""
    names = "abcdefg"
    inner = "".join(f'<!ENTITY {one} "{f"&{other};" * 20}">' for other, one in pairwise(names))
    return f'<!DOCTYPE x [<!ENTITY a "{"x" * 20}">{inner}]>'.encode() + xmp("&g;")


def test_hostile_xmp_is_ignored() -> None:
    """Entities are never expanded, and invalid XML is ignored with a warning."""
    for packet, warning in [
        (entity_bomb(), "document type"),
        (b'<!DOCTYPE x [<!ENTITY name "Ada">]>' + xmp("&name;"), "document type"),
        (b'<!DOCTYPE x [<!ENTITY name SYSTEM "file:///etc/hostname">]>' + xmp("&name;"), "document type"),
        (b'<!DOCTYPE x SYSTEM "http://localhost/x.dtd">' + XMP, "document type"),
        (xmp("&name;"), "undefined entity"),
        (b"<creator>" * (MAX_XMP_BYTES // 9), "no element found"),
        (XMP[: XMP.index(b"Lovelace")], "no element found"),
        (XMP.replace("©".encode(), b"\xa9"), "invalid token"),
        (XMP.replace(b"xmlns:dc", b"xmlns:x"), "unbound prefix"),
        (b"creator", "syntax error"),
    ]:
        warnings: list[str] = []
        assert rights_in_xmp(packet, warnings.append) == Rights()
        assert warning in warnings[0]


def test_only_the_start_of_long_xmp_is_read() -> None:
    """Names within the limit are found, a name that the limit cuts is dropped, and the rest is not read."""
    history = "<exif:Was>edited</exif:Was>" * (MAX_XMP_BYTES // 20)
    assert rights_in_xmp(description(f"<dc:creator>Ada</dc:creator>{history}"), no_warning) == Rights("Ada")
    assert rights_in_xmp(description(f"{history}<dc:creator>Ada</dc:creator>"), no_warning) == Rights()
    assert rights_in_xmp(description(f"<dc:creator>{'Ada ' * MAX_XMP_BYTES}</dc:creator>"), no_warning) == Rights()
    assert rights_in_xmp(b"<creator>" * MAX_XMP_BYTES, no_warning) == Rights()


def test_every_form_of_iptc_is_read() -> None:
    """By-lines and notice are read in any encoding, even if they were cut within a character."""
    for block, expected in [
        (IPTC, BOTH),
        (iptc(BOTH.artist, BOTH.copyright, declared=b""), BOTH),
        (iptc("Müller", "© “Ada”", "cp1252", declared=b""), Rights("Müller", "© “Ada”")),
        (iptc("José", "", "latin-1", declared=b""), Rights("José")),
        (iptc("Müller", "", "latin-1"), Rights("Müller")),
        (dataset(1, 90, b"\x1b%G") + dataset(2, 80, "Ada Müller".encode()[:6]), Rights("Ada M")),
        (
            dataset(2, 80, b"Ada") + dataset(2, 80, b" \0") + dataset(2, 80, b"Mary\r\nSomerville"),
            Rights("Ada; Mary Somerville"),
        ),
        (dataset(2, 116, b"") + dataset(2, 116, b"mine"), Rights("", "mine")),
        (dataset(2, 202, b"\x1c\x02\x50preview") + IPTC, BOTH),
        (dataset(3, 80, b"no by-line") + dataset(2, 81, b"nor this"), Rights()),
        (IPTC + bytes(3), BOTH),
        (b"", Rights()),
    ]:
        assert in_iptc(block, no_warning) == expected


@pytest.mark.parametrize(
    ("block", "warning"),
    [
        (b"\x1c\x02\x50\x7f\xff" + IPTC, "next dataset"),
        (b"\x1c\x02\x50\xff\xff" + b"\xff" * 40_000, "illegal field length"),
        (b"\x1c\x02\x50\x80\x08" + b"\xff" * 8 + IPTC, "invalid IPTC"),
        (b"\x1c\x02\x50\0\x14Ada" + IPTC, "invalid IPTC"),
        (b"\x1c\x02\x50\0\x02Ada" + IPTC, "invalid IPTC"),
        (b"8BIM" + IPTC, "invalid IPTC"),
    ],
)
def test_iptc_with_wrong_lengths_is_ignored(block: bytes, warning: str) -> None:
    """A wrong length never turns a caption into a name: the whole block is ignored with a warning."""
    warnings: list[str] = []
    assert in_iptc(block, warnings.append) == Rights()
    assert warning in warnings[0]


@given(st.binary())
@example(b"<creator>\xff")
@example(b"\x1c")
def test_no_bytes_raise(data: bytes) -> None:
    """Any bytes can be read without an error."""
    for block in (data, b"creator" + data, b"<creator>" + data, b"\x1c\x02\x50" + data):
        assert isinstance(rights_in_xmp(block, ignore), Rights)
        assert isinstance(in_iptc(block, ignore), Rights)


@given(st.sampled_from([XMP, IPTC]), st.lists(st.tuples(st.integers(0, 600), st.binary(max_size=4)), max_size=4))
def test_no_damage_raises(data: bytes, damage: list[tuple[int, bytes]]) -> None:
    """A damaged block is read without an error, and each text is one line."""
    for at, put in damage:
        data = data[:at] + put + data[at + len(put) :]
    for rights in (rights_in_xmp(data, ignore), in_iptc(data, ignore)):
        assert all(text == " ".join(text.split()) for text in (rights.artist, rights.copyright))


def test_parsers_are_loaded_only_if_needed() -> None:
    """A photo without XMP and IPTC loads neither their readers nor an XML parser."""
    program = (
        "import io, sys; from PIL import Image; from resizer.metadata.exif import kept_exif\n"
        "buffer = io.BytesIO(); Image.new('RGB', (8, 8)).save(buffer, 'JPEG')\n"
        "kept_exif(Image.open(buffer), 'copyright', print)\n"
        "print({'resizer.metadata.rights', 'xml.etree.ElementTree'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, cwd=PROJECT, capture_output=True, text=True)
    assert done.stdout == "set()\n"
