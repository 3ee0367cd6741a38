"""Checks for the rows about metadata."""

from typing import Any, Final

from PIL import ExifTags, Image

from tests.docs.images.check import resized, row
from tests.support.drawn import profile_like, tagged_exif
from tests.support.pictures import saved
from tests.support.rights_blocks import (
    PICTURE,
    PRIVATE,
    WITH_IPTC,
    WITH_XMP,
    dataset,
    description,
    digest_of,
    iptc,
    jpeg_with_iptc,
    png_with_texts,
    xmp,
)

ARTIST, COPYRIGHT = ExifTags.Base.Artist, ExifTags.Base.Copyright
SECRETS: Final = (*PRIVATE, "Camera & Co", "secret serial number", "rdf:", "8BIM")


def names(data: bytes, **settings: Any) -> tuple[str, str]:
    """The artist and the copyright owner in a rendition."""
    exif = resized(data, **settings).image.getexif()
    artist, owner = (str(exif.get(tag, "")).encode("latin-1").decode() for tag in (ARTIST, COPYRIGHT))
    return artist, owner


@row("EXIF, XMP, IPTC, GPS position, thumbnail, profile")
def _() -> None:
    profile = profile_like(1.8)
    for format_ in ("JPEG", "PNG", "WEBP"):
        rendition = resized(saved(PICTURE, format_, exif=tagged_exif().tobytes(), xmp=xmp("Ada"), icc_profile=profile))
        assert set(rendition.image.getexif()) == {ARTIST, COPYRIGHT}
        assert not [secret for secret in SECRETS if secret.encode() in rendition.data]
        assert not {"xmp", "icc_profile"} & set(rendition.image.info)
    data = saved(PICTURE, exif=tagged_exif().tobytes())
    assert not resized(data, keep_metadata="none").image.getexif()
    assert ExifTags.Base.Make in resized(data, keep_metadata="all").image.getexif()


@row("Names of artist and copyright owner")
def _() -> None:
    packet: dict[str, Any] = {"xmp": xmp("Xenia", "(c) Xenia")}
    both = tagged_exif().tobytes()
    artist = Image.Exif()
    artist[ARTIST] = "Ada Lovelace"
    assert names(saved(PICTURE, exif=both, **packet)) == ("Ada Lovelace", "(c) 2026 Ada")
    assert names(saved(PICTURE, exif=artist.tobytes(), **packet)) == ("Ada Lovelace", "(c) Xenia")
    block = iptc("Ida", "(c) Ida")
    assert names(jpeg_with_iptc(block, digest_of(block), **packet)) == ("Xenia", "(c) Xenia")
    assert names(jpeg_with_iptc(block, bytes(16), **packet)) == ("Ida", "(c) Ida")  # edited after the XMP
    assert names(png_with_texts(Author="Ada", Copyright="mine")) == ("Ada", "mine")
    text = png_with_texts(Author="Ada", **{"XML:com.adobe.xmp": xmp("Xenia").decode()})
    assert names(text) == ("Xenia", "")
    for format_ in ("jpeg", "png", "webp", "avif"):
        assert names(saved(PICTURE, exif=both), formats=(format_,)) == ("Ada Lovelace", "(c) 2026 Ada")
    assert b"Ada" not in resized(saved(PICTURE, exif=both), formats=("gif",)).data


@row("IPTC")
def _() -> None:
    for save in WITH_IPTC.values():
        assert names(save(iptc("Ida", "(c) Ida"))) == ("Ida", "(c) Ida")
    extended = b"\x1c\x02\x50\x80\x02\0\3Ida" + dataset(2, 116, b"mine")
    rendition = resized(jpeg_with_iptc(extended))
    assert not rendition.image.getexif()
    assert "IPTC cannot be read" in "".join(rendition.warnings)


@row("XMP")
def _() -> None:
    for save in WITH_XMP.values():
        assert names(save(xmp("Xenia"))) == ("Xenia", "")
    history = "<exif:Was>edited</exif:Was>" * 12_000
    long = description(f"{history}<dc:creator>Xenia</dc:creator>")
    assert len(long) > 262_144
    assert names(saved(PICTURE, "WEBP", xmp=long)) == ("", "")
