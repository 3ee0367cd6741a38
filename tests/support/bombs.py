"""Files made to exhaust their reader: few bytes that claim a lot, or an endless number of parts."""

import base64
import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import Final

from tests.support.forged import (
    GIF_FRAME,
    JPEG,
    MB,
    PICTURE,
    WEBP,
    avif,
    blocks,
    bmp,
    bmp_inside,
    chunk,
    claiming,
    deep_png,
    directory,
    exif_bomb,
    exif_loop,
    extended,
    gif,
    gif_frame,
    ico,
    jpeg,
    jpeg2000,
    lying_apng,
    mpo_index,
    png,
    riff,
    scan_flood,
    segment,
    shared_exif,
    small_png,
    tiff,
    webp,
    webp_frames,
)
from tests.support.pictures import heic

XMP: Final = b"XML:com.adobe.xmp\0\0\0\0\0"
TEXT_BOMB: Final = b"bomb\0\0" + zlib.compress(bytes(MB), 9)

# A black AVIF of 16000 x 16000, deflated: encoding it takes half a minute.
VAST_AVIF: Final = zlib.decompress(
    base64.b85decode(
        "c-muNV30{GsVqn=%S>Yc0uY^>nP!-qnF!*)%uOvxWPkw0jFg-rD4U@mGr5ET4e%9YmgIt2j6f`xnUkLk;<$kLj1W;qUIqsCg+R7O"
        "W@cU*T&)z4lgb3;C6*Z&I_Kx)gYC-5EGQ}f(w><G$@xH9B(u066=I!T0|bNYt;hsx<^U2riDib)jq)-e0paBQoT9wsoC=`1ybNq0"
        "#p0O-xiB9AoyEe))XV~O)5_eG#1bI}E^hhnb@f00E@P77bujAZ7f?zzYGnBYG}rR{xxf$nXS_a!RpupMxy6w`VP9jFzHeD~nTV<O"
        "kwX_g7FY&uJbyMf({Ps6<9BnXHJ{{lO$vV9c3DZy`uw?wn&2)UjUY<{pKZ}^&aAlh!0>4Qm#1e>OfIsR{C~@}+Brx3EOs00m3za<"
        "6@2da2VYIgo|*5xxyA2(ph&Y7LCtlCbrT)sH>pL6@4gzgbzU6rT`t$~GZCWCa|X`Uqh22M@~D?by*%n=(!6X=ro{&I*GQf(PXPd{"
        "x+_8"
    )
)

# A black HEIC of 8000 x 8000, deflated: encoding it takes two seconds.
VAST_HEIC: Final = zlib.decompress(
    base64.b85decode(
        "c-rmOziX307zgmXys>m>8|@EMvDBpgN`HZc4&wBp9UMe-6Ld&?lbD0N%{9K3=v46^aMMNXQ0U@N7g0g!<|Gtcx|zX2L9j!Wf`#~8(h9o!1z*0G"
        "<h|$aeZuFSdoK{B)JQqHYbzzwP|`wEo^f$#3T37Am9P{QRHtPt#cF*oR@MZO`m2qZYAtZVoUgRJr0J;BD>ZvVF2{|TFSmzoc1Q-L#NMc~7|gh^"
        "&zdOwow8wU-Ae!5*q|nTBxx6PvRlHZJ1*(XmfGFjkuc@u<r`^V_vlv3C3x)&Pf}hd{DRyYKd<$lH`cw+8NGe@`pT!3S8ExW^V~&cZ%TI8oL*me"
        "&@aS5P^;GGgK9%&dsWwxObwdbw$!QXnBV!hg*Qxl-EMVhW5fN8lf6jZPk2e$gko4M$iB^9%jsvAQmfzIExy0^-F#TR{N!Bp<==LX@7!v=-QGO("
        "GyCXjyL`+$`8D;@2YQ}*u>|D~^Z>aNO&r#D5odkGJu~kIit64(Nxj1;DRmYl9o#}m{T3w+Y@no}Gbky&hLVP1H64LTM`6;)LzFZM`#p`q&R#YX"
        "KWS_kC7sN~Pdb%HNvB~o<zO}CU}tX}_Lq4A_M9eQHBG{5nry~Tnu4A3sb>77Y1rAD&Qtm?q-9E!C{dzBi4rABlqgZ6M2Qk5N|Y#3qC|-jB}$Yi"
        "QKCeN5~Y|+&0pcr9c%"
    )
)


@cache
def deflated(size: int) -> bytes:
    """This many zero bytes, deflated. Made only when a bomb needs them, because it takes half a second."""
    return zlib.compress(bytes(size), 1)


# The expected result of each in a function of 256 MB, and how to make it.
BOMBS: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {
    "PNG of 50000 x 50000": ("too_many_pixels", lambda: png(50_000, 50_000)),
    "PNG of 9999 x 9999, black": ("resized", lambda: png(9999, 9999, pixels=bytes(100 * MB))),
    "PNG with a profile of 200 MB": ("resized", lambda: small_png(chunk(b"iCCP", b"bomb\0\0" + deflated(200 * MB)))),
    "PNG with 2000 zTXt of 1 MB": ("resized", lambda: small_png(chunk(b"zTXt", TEXT_BOMB) * 2000)),
    "PNG with 2000 iTXt of 1 MB": (
        "resized",
        lambda: small_png(chunk(b"iTXt", b"bomb\0\1\0\0\0" + TEXT_BOMB[6:]) * 2000),
    ),
    "PNG with 1,000,000 tEXt": ("corrupt", lambda: small_png(chunk(b"tEXt", b"a\0") * 1_000_000)),
    "PNG with 1,300,000 private chunks": ("corrupt", lambda: small_png(chunk(b"prVt") * 1_300_000)),
    "PNG with a text of 60 MB after the pixels": (
        "resized",
        lambda: small_png(after=chunk(b"tEXt", b"a\0" + bytes(60 * MB))),
    ),
    "PNG with 40 MB before the pixels": ("resized", lambda: small_png(chunk(b"huGe", bytes(40 * MB)))),
    "PNG with 100 MB of XMP": ("resized", lambda: small_png(chunk(b"iTXt", XMP + bytes(99 * MB)))),
    "PNG with 9,000 XMPs of 4 MB, deflated": (
        "resized",
        lambda: small_png(chunk(b"iTXt", XMP[:-5] + b"\0\1\0\0\0" + zlib.compress(bytes(4 * MB), 9)) * 9000),
    ),
    "PNG of 16 bits and a transparent colour, 5000 x 5000": (
        "needs_memory",
        lambda: deep_png(5000, 5000),
    ),
    "PNG with 40 MB after the pixels": ("resized", lambda: small_png(after=chunk(b"huGe", bytes(40 * MB)))),
    "PNG with 150,000 empty IDATs": ("resized", lambda: small_png(chunk(b"IDAT") * 150_000)),
    "PNG with EXIF of 8 MB, all overlapping": ("resized", lambda: small_png(chunk(b"eXIf", exif_bomb(8 * MB)[6:]))),
    "APNG that claims 100,000 frames": ("too_many_pixels", lambda: lying_apng(100_000, real=2)),
    "APNG that claims 3 frames and has 2": ("resized", lambda: lying_apng(3, real=2)),
    "APNG with 40 MB between its frames": (
        "resized",
        lambda: lying_apng(2, real=2).replace(
            struct.pack(">I", 26) + b"fcTL\0\0\0\1",
            chunk(b"huGe", bytes(40 * MB)) + struct.pack(">I", 26) + b"fcTL\0\0\0\1",
        ),
    ),
    "APNG with 150,000 private chunks between": (
        "corrupt",
        lambda: small_png(lying_apng(2, real=1)[33 : 33 + 20 + 38], chunk(b"prVt") * 150_000),
    ),
    "JPEG of 65000 x 65000": (
        "too_many_pixels",
        lambda: JPEG.replace(struct.pack(">HH", 48, 64), struct.pack(">HH", 65_000, 65_000)),
    ),
    "JPEG with 4,000,000 segments": ("corrupt", lambda: jpeg(segment(0xE5, b"") * 4_000_000)),
    "JPEG with 15 MB of segments": ("resized", lambda: jpeg(segment(0xE5, bytes(65_000)) * 240)),
    "JPEG with 15 MB of EXIF segments": ("corrupt", lambda: jpeg(segment(0xE1, b"Exif\0\0" + bytes(65_000)) * 240)),
    "JPEG with 15 MB of profile": ("resized", lambda: jpeg(segment(0xE2, b"ICC_PROFILE\0\1\1" + bytes(65_000)) * 240)),
    "JPEG with 40 MB of fill bytes": ("corrupt", lambda: jpeg(b"\xff" * (40 * MB))),
    "JPEG with 40 MB of junk": ("not_an_image", lambda: jpeg(bytes(40 * MB))),
    "JPEG of 9000 x 9000 with 3000 scans": ("corrupt", lambda: scan_flood(9000, 9000, 3000)),
    "JPEG of 2000 x 2000 with 20,000 scans": ("corrupt", lambda: scan_flood(2000, 2000, 20_000)),
    "JPEG with EXIF, all overlapping": ("resized", lambda: jpeg(segment(0xE1, exif_bomb(65_000)))),
    "JPEG with 16 MB of EXIF, all overlapping": (
        "corrupt",
        lambda: jpeg(
            b"".join(
                segment(0xE1, b"Exif\0\0" + block[n : n + 65_000])
                for block in [exif_bomb(15 * MB)[6:]]
                for n in range(0, 15 * MB, 65_000)
            )
        ),
    ),
    "JPEG with looping EXIF": ("resized", lambda: jpeg(segment(0xE1, exif_loop()))),
    "MPO of 4,000,000,000 pictures": ("resized", lambda: jpeg(mpo_index(4_000_000_000))),
    "MPO of 4000 pictures": ("resized", lambda: jpeg(mpo_index(4000))),
    "GIF of 100,000 frames": ("too_many_pixels", lambda: gif(GIF_FRAME * 100_000)),
    "GIF of 5,000 frames": ("resized", lambda: gif(GIF_FRAME * 5_000)),
    "GIF of 65535 x 65535": ("too_many_pixels", lambda: gif(gif_frame(0, 0, 1, 1), size=(65_535, 65_535))),
    "GIF whose first frame outgrows it": ("too_many_pixels", lambda: gif(gif_frame(65_000, 65_000, 65_000, 65_000))),
    "GIF whose second frame outgrows it": (
        "too_many_pixels",
        lambda: gif(gif_frame(0, 0, 1, 1), gif_frame(65_000, 65_000, 65_000, 65_000)),
    ),
    "GIF whose second frame outgrows it and is cleared": (
        "too_many_pixels",
        lambda: gif(gif_frame(0, 0, 1, 1), gif_frame(0, 0, 65_000, 65_000, disposal=2), gif_frame(0, 0, 1, 1)),
    ),
    "GIF with a comment of 20 MB": ("resized", lambda: gif(b"!\xfe" + blocks(bytes(20 * MB)), GIF_FRAME)),
    "GIF with 40 MB of junk": ("corrupt", lambda: gif(bytes(40 * MB), GIF_FRAME)),
    "TIFF of 4 G x 4 G": ("too_many_pixels", lambda: tiff(0xFFFFFFFF, 0xFFFFFFFF)),
    "TIFF whose directory follows itself": ("resized", lambda: tiff(64, 48, after=bytes(9000), following=8)),
    "TIFF with 30,000 tags of 30 MB": (
        "corrupt",
        lambda: (
            b"II*\0\x08\0\0\0"
            + directory(
                [(256, 3, 1, 64), (257, 3, 1, 48)] + [(0x8000 + n, 7, 30 * MB, 8) for n in range(30_000)]
            ).ljust(31 * MB, b"\0")
        ),
    ),
    "TIFF with a tag of 4,000,000,000 values": (
        "corrupt",
        lambda: tiff(64, 48, (33_000, 4, 0xFFFFFFFF, 8), after=bytes(9000)),
    ),
    "TIFF with a tag of 60 MB of numbers": (
        "corrupt",
        lambda: tiff(64, 48, (33_000, 3, 30 * MB, 200), after=bytes(61 * MB)),
    ),
    "TIFF with 5,000,000 strips": (
        "corrupt",
        lambda: tiff(64, 48, (273, 4, 5_000_000, 200), (279, 4, 5_000_000, 200), (278, 4, 1, 1), after=bytes(21 * MB)),
    ),
    "TIFF with tiles of 30000 x 30000": (
        "needs_memory",
        lambda: tiff(
            64,
            48,
            (259, 3, 1, 8),
            (322, 4, 1, 30_000),
            (323, 4, 1, 30_000),
            (324, 4, 1, 200),
            (325, 4, 1, 90),
            after=bytes(300),
        ),
    ),
    "TIFF of 9999 x 9999, deflated": (
        "resized",
        lambda: tiff(
            9999,
            9999,
            (259, 3, 1, 8),
            (273, 4, 1, 122),
            (279, 4, 1, len(deflated(9999 * 9999))),
            after=deflated(9999 * 9999),
        ),
    ),
    "WebP of 16383 x 16383": ("too_many_pixels", lambda: webp(extended(16_383, 16_383), riff(b"ANIM", bytes(6)))),
    "WebP that hides its size": (
        "corrupt",
        lambda: webp(riff(b"JUNK", b"junk"), extended(16_383, 16_383), riff(b"ANIM", bytes(6))),
    ),
    "WebP with a chunk of 4 GB": ("corrupt", lambda: webp(extended(64, 48), b"ICCP\xfe\xff\xff\xff" + bytes(100))),
    "WebP of 4 GB": ("truncated", lambda: webp(extended(64, 48), size=0xFFFFFFFE)),
    "WebP of 500,000 frames": ("too_many_pixels", lambda: webp_frames(500_000)),
    "WebP with EXIF of 60 MB": (
        "needs_memory",
        lambda: webp(extended(64, 48, 8), WEBP[12:], riff(b"EXIF", exif_bomb(60 * MB)[6:])),
    ),
    "WebP of 2,000,000 frames": ("needs_memory", lambda: webp_frames(2_000_000)),
    "WebP with 2,000,000 empty chunks": ("corrupt", lambda: webp(extended(64, 48, 0), riff(b"JUNK", b"") * 2_000_000)),
    "AVIF of 30000 x 30000": ("too_many_pixels", lambda: avif(30_000, 30_000)),
    "AVIF of 4 G x 4 G": ("too_many_pixels", lambda: avif(0xFFFFFFFF, 0xFFFFFFFF)),
    "AVIF of 64 x 48 that holds 16000 x 16000": ("corrupt", lambda: claiming(64, 48, VAST_AVIF)),
    "AVIF with 30 MB of boxes": (
        "corrupt",
        lambda: avif(64, 48)[:24] + (b"\0\0\0\x08free" * (3 * MB)) + avif(64, 48)[24:],
    ),
    "HEIC of 30000 x 30000": ("too_many_pixels", lambda: claiming(30_000, 30_000, heic(PICTURE))),
    "HEIC of 4 G x 4 G": ("too_many_pixels", lambda: claiming(0xFFFFFFFF, 0xFFFFFFFF, heic(PICTURE))),
    "HEIC of 64 x 48 that holds 8000 x 8000": (
        "corrupt",
        lambda: claiming(64, 48, VAST_HEIC),
    ),
    "HEIC with 30 MB of boxes": (  # its pixels are no longer at their stated offset
        "truncated",
        lambda: heic(PICTURE)[:28] + (b"\0\0\0\x08free" * (3 * MB)) + heic(PICTURE)[28:],
    ),
    "HEIC with EXIF of 60 MB": ("needs_memory", lambda: heic(PICTURE, exif=exif_bomb(60 * MB))),
    "HEIC of 300 pictures": ("resized", lambda: heic(*[PICTURE] * 300)),
    "HEIC of 300 pictures that share 10 MB of EXIF": ("needs_memory", lambda: shared_exif(300, 10 * MB)),
    "BMP of 2 G x 2 G": ("too_many_pixels", lambda: bmp(0x7FFFFFFF, 0x7FFFFFFF, 0, b"")),
    "BMP of 100,000,000 x 1 in leaps": ("needs_memory", lambda: bmp(100_000_000, 1, 1, b"\0\2\0\xff")),
    "BMP of 9999 x 9999 in runs": ("needs_memory", lambda: bmp(9999, 9999, 1, (b"\xff\0" * 39 + b"\x36\0\0\0") * 9999)),
    "BMP of 9999 x 9999 in line ends": ("needs_memory", lambda: bmp(9999, 9999, 1, b"\1\0\0\0" * 9999)),
    "ICO with a PNG of 50000 x 50000": ("too_many_pixels", lambda: ico(png(50_000, 50_000, pixels=bytes(30_000_000)))),
    "ICO with a PNG of 9999 x 9999": ("resized", lambda: ico(png(9999, 9999, pixels=bytes(100 * MB)))),
    "ICO with a bitmap of 50000 x 50000": ("too_many_pixels", lambda: ico(bmp_inside(50_000, 50_000))),
    "ICO with 65,535 entries": ("corrupt", lambda: ico(small_png(), 65_535)),
    "JPEG 2000 of 4 G x 4 G": ("too_many_pixels", lambda: jpeg2000(0xFFFFFFFF, 0xFFFFFFFF)),
    "JPEG 2000 of 2000 x 2000 in blocks of 4": ("corrupt", lambda: jpeg2000(2000, 2000, blocks=2)),
    "JPEG 2000 of 2000 x 2000 in precincts of 1": ("corrupt", lambda: jpeg2000(2000, 2000, precincts=0)),
    "JPEG 2000 of 2000 x 2000 in precincts of 2": ("corrupt", lambda: jpeg2000(2000, 2000, precincts=1)),
    "JPEG 2000 of 65,025 tiles": ("needs_memory", lambda: jpeg2000(2040, 2040, tile=8)),
}
