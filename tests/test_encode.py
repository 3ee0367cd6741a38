"""Encoded files have the right pixels, frames and headers, and only requested metadata."""

import io

import pytest
from PIL import ExifTags, Image
from PIL.ImageFile import ImageFile

from resizer import deadline
from resizer.encode import Encoding
from resizer.errors import OutOfTime, Reason, Rejected
from resizer.formats import RENDITIONS
from resizer.model import Format, Frame
from resizer.settings.rules import Effort, Quality
from tests.support.mistakes import MISTAKES, mistake
from tests.support.pictures import noise, opened, photo_like, psnr, translucent

QUALITY = Quality()


def encoded(picture: Image.Image, format_: Format, quality: Quality = QUALITY) -> bytes:
    return Encoding().encode([Frame(picture)], format_, quality)


@pytest.mark.parametrize("format_", Format)
def test_by_default_there_is_no_metadata(format_: Format) -> None:
    """Files have no EXIF, profile, XMP or comment unless requested."""
    picture = opened(encoded(photo_like(60, 40), format_))
    assert not picture.getexif()
    assert not {"exif", "icc_profile", "xmp", "XML:com.adobe.xmp", "comment"} & picture.info.keys()


@pytest.mark.parametrize("format_", [Format.JPEG, Format.PNG, Format.WEBP, Format.AVIF])
@pytest.mark.parametrize("count", [1, 2])
def test_given_exif_is_written(format_: Format, count: int) -> None:
    """The given EXIF is in the file, for pictures and animations."""
    exif = Image.Exif()
    exif[ExifTags.Base.Copyright] = "somebody"
    frames = [Frame(photo_like(60, 40, seed=seed), 50) for seed in range(count)]
    picture = opened(Encoding(exif=exif.tobytes(), loop=0).encode(frames, format_, QUALITY))
    assert dict(picture.getexif())[ExifTags.Base.Copyright] == "somebody"


def test_gif_has_no_exif() -> None:
    """GIF cannot store EXIF, and is written without it."""
    exif = Image.Exif()
    exif[ExifTags.Base.Copyright] = "somebody"
    file = Encoding(exif=exif.tobytes()).encode([Frame(photo_like(60, 40))], Format.GIF, QUALITY)
    assert b"somebody" not in file


@pytest.mark.parametrize("format_", [Format.GIF, Format.PNG, Format.WEBP, Format.AVIF])
@pytest.mark.parametrize("loop", [0, 3])
def test_animations_keep_frames_durations_and_loops(format_: Format, loop: int) -> None:
    """An animation keeps its frames, their durations and its number of plays."""
    frames = [Frame(photo_like(60, 40, seed=seed), 100 * (seed + 1)) for seed in range(3)]
    picture = Image.open(io.BytesIO(Encoding(loop=loop).encode(frames, format_, Quality())))
    assert isinstance(picture, ImageFile)
    assert getattr(picture, "n_frames", 1) == 3
    for number, frame in enumerate(frames):
        picture.seek(number)
        picture.load()
        assert picture.info["duration"] == frame.duration
        assert psnr(picture.convert("RGB"), frame.pixels) > 22
    if format_ is not Format.AVIF:  # Pillow does not read how often an AVIF plays
        repetitions = loop - 1 if format_ is Format.GIF and loop else loop  # GIF counts repetitions, not plays
        assert picture.info["loop"] == repetitions


def test_the_number_of_plays_is_written_as_each_format_counts_it() -> None:
    """GIF counts repetitions, WebP and PNG count plays; each is capped at the format's maximum."""
    for format_, plays, written in [
        (Format.GIF, None, None),
        (Format.GIF, 1, None),
        (Format.GIF, 2, 1),
        (Format.GIF, 0, 0),
        (Format.GIF, 1_000_000, 65_535),
        (Format.WEBP, None, 1),
        (Format.WEBP, 1, 1),
        (Format.WEBP, 0, 0),
        (Format.WEBP, 1_000_000, 65_535),
        (Format.PNG, None, 1),
        (Format.PNG, 2, 2),
    ]:
        frames = [Frame(photo_like(60, 40, seed=seed), 50) for seed in range(2)]
        assert opened(Encoding(loop=plays).encode(frames, format_, Quality())).info.get("loop") == written


MAX_PNG_MS = 65_535_000.0  # the longest frame of an animated PNG


def test_any_duration_can_be_written() -> None:
    """A frame's duration is written as exactly as the format allows, and capped at its maximum."""
    for format_ in [Format.GIF, Format.PNG, Format.WEBP, Format.AVIF]:
        for duration in [0, 0.5, 100 / 3, 70_003, 655_351, 16_777_215, 16_777_214.5, MAX_PNG_MS, MAX_PNG_MS * 2]:
            frames = [Frame(photo_like(60, 40, seed=seed), duration) for seed in range(3)]
            picture = opened(Encoding(loop=0).encode(frames, format_, Quality()))
            longest = {Format.GIF: 655_350, Format.PNG: MAX_PNG_MS, Format.WEBP: 2**24 - 2, Format.AVIF: 2**32}[format_]
            exact = {Format.GIF: 10, Format.PNG: 500 if duration > 65_535 else 0.01, Format.WEBP: 1, Format.AVIF: 1}[
                format_
            ]
            for number in range(len(frames)):
                picture.seek(number)
                picture.load()
                assert picture.info.get("duration", 0) == pytest.approx(min(duration, longest), abs=exact)


def test_equal_frames_are_written_whatever_their_durations() -> None:
    """Equal frames in a row, which Pillow writes as one, may last longer together than GIF can express."""
    frames = [Frame(Image.new("RGB", (60, 40), colour), 400_000) for colour in ("red", "red", "blue")]
    picture = opened(Encoding(loop=0).encode(frames, Format.GIF, Quality()))
    assert (getattr(picture, "n_frames", 1), picture.info["duration"]) == (2, 655_350)


@pytest.mark.parametrize(
    ("problem", "reason"),
    [(RuntimeError("too much"), Reason.UNSUPPORTED_FORMAT), (MemoryError(), Reason.NEEDS_MEMORY)],
)
def test_an_encoders_error_is_a_rejection(problem: Exception, reason: Reason, monkeypatch: pytest.MonkeyPatch) -> None:
    """If an encoder raises, the picture is rejected with a message that names the format."""

    def refuse(*_: object, **__: object) -> None:
        raise problem

    monkeypatch.setattr(Image.Image, "save", refuse)
    with pytest.raises(Rejected, match="WEBP") as rejection:
        encoded(photo_like(60, 40), Format.WEBP)
    assert rejection.value.reason is reason


def test_a_bug_of_ours_is_raised_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in our encoding code is raised unchanged, and never rejects the picture, in every format."""
    frames = [Frame(photo_like(16, 12, seed=seed), 50) for seed in range(2)]
    for format_ in Format:
        for step in ("fit", "save"):
            for kind in MISTAKES:
                with monkeypatch.context() as patched:
                    patched.setattr(type(RENDITIONS[format_]), step, mistake(kind))
                    for shown in (frames[:1], frames):
                        with pytest.raises(kind, match="our mistake"):
                            Encoding(loop=0).encode(shown, format_, QUALITY)


def test_an_attribute_error_in_pillow_is_a_bug_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """AttributeError, NameError, ImportError and AssertionError mean a bug of ours even if Pillow raises them."""
    for kind in (AttributeError, NameError, ImportError, AssertionError):

        def fail(*_: object, kind: type[Exception] = kind, **__: object) -> None:
            raise kind("wrongly called")

        monkeypatch.setattr(Image.Image, "save", fail)
        with pytest.raises(kind, match="wrongly called"):
            encoded(photo_like(16, 12), Format.WEBP)


def test_out_of_time_is_raised_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """`OutOfTime` before a frame is not turned into a rejection."""
    monkeypatch.setattr(deadline, "remaining", lambda: 0.0)
    with pytest.raises(OutOfTime):
        Encoding().encode([Frame(photo_like(60, 40))], Format.JPEG, Quality())


def test_a_jpeg_shows_the_first_frame() -> None:
    """An animation written as JPEG is its first frame."""
    frames = [Frame(photo_like(60, 40, seed=seed), 50) for seed in range(2)]
    assert Encoding(loop=0).encode(frames, Format.JPEG, QUALITY) == encoded(frames[0].pixels, Format.JPEG)


def test_transparent_gif_frames_do_not_show_the_frame_before() -> None:
    """A transparent pixel of a GIF frame is transparent, whatever the frame before has there."""
    frames = []
    for left in (0, 20):
        pixels = Image.new("RGBA", (40, 20), (0, 0, 0, 0))
        pixels.paste((200, 30, 30, 255), (left, 0, left + 20, 20))
        frames.append(Frame(pixels, 100))
    picture = Image.open(io.BytesIO(Encoding(loop=0).encode(frames, Format.GIF, Quality())))
    picture.seek(1)
    alpha = picture.convert("RGBA").getchannel("A")
    assert (alpha.getpixel((5, 10)), alpha.getpixel((35, 10))) == (0, 255)


@pytest.mark.parametrize("format_", Format)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(60, 40), (1, 1), (3, 200)])
def test_every_file_can_be_opened(format_: Format, mode: str, size: tuple[int, int]) -> None:
    """For each format, mode and size the file has that format and size."""
    picture = opened(encoded(photo_like(*size).convert(mode), format_))
    assert (picture.format, picture.size) == (format_, size)


@pytest.mark.parametrize("format_", Format)
def test_pictures_look_the_same_after_encoding(format_: Format) -> None:
    """At the default quality every format has a PSNR above 25 dB."""
    picture = photo_like(120, 80)
    assert psnr(opened(encoded(picture.copy(), format_)).convert("RGB"), picture) > 25


@pytest.mark.parametrize("format_", [Format.JPEG, Format.PNG])
def test_grey_stays_grey(format_: Format) -> None:
    """A grey picture is stored in mode L."""
    assert opened(encoded(photo_like(60, 40).convert("L"), format_)).mode == "L"


@pytest.mark.parametrize("format_", [Format.PNG, Format.WEBP, Format.AVIF, Format.GIF])
def test_transparency_is_kept(format_: Format) -> None:
    """Transparent pixels are transparent in every format that has transparency."""
    picture = Image.new("RGBA", (40, 20), (200, 30, 30, 255))
    picture.paste((0, 0, 0, 0), (20, 0, 40, 20))
    alpha = opened(encoded(picture, format_)).convert("RGBA").getchannel("A")
    assert alpha.getpixel((5, 10)) == 255
    assert alpha.getpixel((35, 10)) == 0


def test_jpeg_has_white_behind_transparency() -> None:
    """In a JPEG, transparent pixels become white, and half transparent ones are mixed with white."""
    picture = Image.new("RGBA", (48, 16), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 128), (16, 0, 32, 16))
    picture.paste((0, 0, 0, 255), (32, 0, 48, 16))
    grey = opened(encoded(picture, Format.JPEG, Quality(jpeg=100))).convert("L")
    levels = [grey.getpixel((x, 8)) for x in (4, 24, 44)]
    assert all(abs(int(str(got)) - want) <= 3 for got, want in zip(levels, (255, 127, 0), strict=True))


@pytest.mark.parametrize("format_", [Format.JPEG, Format.WEBP, Format.AVIF])
def test_each_format_has_its_own_quality(format_: Format) -> None:
    """A lower quality gives a smaller file, and other formats' qualities do not matter."""
    name = format_.lower()
    low, middle, high = (encoded(photo_like(120, 80), format_, Quality(**{name: level})) for level in (20, 60, 95))
    assert len(low) < len(middle) < len(high)
    others = {other: 1 for other in ("jpeg", "webp", "avif") if other != name}
    assert encoded(photo_like(120, 80), format_, Quality(**{name: 60, **others})) == middle


@pytest.mark.parametrize("format_", Format)
def test_the_same_picture_gives_the_same_bytes(format_: Format) -> None:
    """Encoding is deterministic."""
    assert encoded(photo_like(60, 40), format_) == encoded(photo_like(60, 40), format_)


@pytest.mark.parametrize("format_", [Format.JPEG, Format.PNG, Format.WEBP, Format.AVIF])
def test_more_effort_gives_a_smaller_file(format_: Format) -> None:
    """From `fast` to `balanced` to `small` files get no larger, `small` is smallest, and all look the same."""
    picture = noise(36, 24).resize((360, 240))
    if format_ is Format.PNG:  # effort goes into finding matches
        picture = picture.quantize(16).convert("RGB").resize((720, 240)).crop((0, 0, 360, 240))
    files = [Encoding().encode([Frame(picture)], format_, Quality(), effort) for effort in Effort]
    sizes = [len(file) for file in files]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[2] < sizes[0]
    assert all(psnr(opened(file).convert("RGB"), picture) > 30 for file in files)
    if format_ is Format.JPEG:
        assert ["progressive" in opened(file).info for file in files] == [False, False, True]


@pytest.mark.parametrize("effort", Effort)
@pytest.mark.parametrize("format_", Format)
def test_any_effort_works_for_animations_and_transparency(format_: Format, effort: Effort) -> None:
    """Every format accepts every effort, for several frames and for transparent ones."""
    frames = [Frame(translucent(60, 40), 50), Frame(photo_like(60, 40).convert("RGBA"), 50)]
    assert opened(Encoding(loop=0).encode(frames, format_, Quality(), effort)).size == (60, 40)
