"""Rules are applied from the upload to the objects in S3."""

from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from resizer.errors import StorageError
from resizer.layout import compose
from resizer.pipeline import process
from resizer.settings import Settings
from resizer.settings.rules import Fit, Quality, RenditionSpec, Rule, Watermark
from tests.conftest import BUCKET
from tests.support.pictures import opened, saved
from tests.support.uploaded import upload

RED, BLUE, GREEN = (200, 20, 20), (20, 20, 200), (20, 200, 20)
SQUARE = RenditionSpec(name="square", width=60, height=60, fit=Fit.COVER)


def settings(*specs: RenditionSpec, **more: Any) -> Settings:
    return Settings(defaults=Rule(renditions=specs), **more)


def rendition(s3: Any, key: str) -> Image.Image:
    return opened(s3.get_object(Bucket=BUCKET, Key=f"resized/{key}")["Body"].read())


def two_halves() -> Image.Image:
    """A picture of 400 x 200 pixels, red on the left and blue on the right."""
    picture = Image.new("RGB", (400, 200), RED)
    picture.paste(BLUE, (200, 0, 400, 200))
    return picture


def is_near(pixel: Any, colour: tuple[int, ...]) -> bool:
    return all(abs(got - want) < 40 for got, want in zip(pixel, colour, strict=False))


@pytest.mark.parametrize(("focal", "left"), [("0.1,0.5", RED), ("0.9,0.5", BLUE), ("nonsense", RED)])
def test_a_focal_point_wins_over_gravity(s3: Any, focal: str, left: tuple[int, ...]) -> None:
    """The crop follows the source's `focal-point`; an invalid one is ignored with a warning."""
    west = replace(SQUARE, gravity="west")
    source = upload(s3, "halves.png", saved(two_halves(), "PNG"), Metadata={"focal-point": focal})
    report = process(source, settings(west), s3)
    assert is_near(rendition(s3, "square-halves.png").convert("RGB").getpixel((5, 30)), left)
    assert any("focal-point" in warning for warning in report.warnings) == (focal == "nonsense")


def test_a_new_focal_point_moves_the_crop(s3: Any) -> None:
    """If the same bytes come again with another focal point, its crop and manifest are replaced."""
    rule = Rule(renditions=(replace(SQUARE, gravity="west"),), manifest=True, placeholder=True)
    etags = []
    for focal in ("0.1,0.5", "0.9,0.5", " 0.9, 0.50"):
        source = upload(s3, "halves.png", saved(two_halves(), "PNG"), Metadata={"focal-point": focal})
        process(source, Settings(defaults=rule), s3)
        found = s3.list_objects_v2(Bucket=BUCKET, Prefix="resized/")["Contents"]
        etags.append([each["ETag"] for each in found])
        assert s3.head_object(Bucket=BUCKET, Key=found[1]["Key"])["Metadata"]["focal-point"] in {"0.1,0.5", "0.9,0.5"}
    assert is_near(rendition(s3, "square-halves.png").convert("RGB").getpixel((5, 30)), BLUE)
    assert etags[0] != etags[1] == etags[2]


def test_a_watermark_is_applied_and_fetched_once(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watermark is where the settings say, only on its renditions, and costs one GET per environment."""
    monkeypatch.setattr(compose, "_overlays", {})
    keys: list[str] = []
    get = s3.get_object

    def record(**request: Any) -> Any:
        keys.append(request["Key"])
        return get(**request)

    monkeypatch.setattr(s3, "get_object", record)
    s3.put_object(Bucket=BUCKET, Key="resized/logo.png", Body=saved(Image.new("RGBA", (50, 50), (*GREEN, 255)), "PNG"))
    marked = RenditionSpec(name="marked", width=200, watermark="logo")
    plain = RenditionSpec(name="plain", width=100)
    mark = Watermark(key="resized/logo.png", gravity="southeast", width=0.25, margin=0)
    chosen = settings(marked, plain, watermarks={"logo": mark})
    for key in ("one.png", "two.png"):
        process(upload(s3, key, saved(two_halves(), "PNG")), chosen, s3)
        shown = rendition(s3, f"marked-{key}").convert("RGB")
        assert is_near(shown.getpixel((190, 90)), GREEN)
        assert is_near(shown.getpixel((120, 10)), BLUE)
        assert is_near(rendition(s3, f"plain-{key}").convert("RGB").getpixel((95, 45)), BLUE)
    assert keys.count("resized/logo.png") == 1


def test_a_missing_watermark_fails_the_upload(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its watermark nothing is written; the error names the object and is retryable."""
    monkeypatch.setattr(compose, "_overlays", {})
    marked = RenditionSpec(name="marked", width=200, watermark="logo")
    chosen = settings(marked, watermarks={"logo": Watermark(key="resized/none.png")})
    with pytest.raises(StorageError, match=r"watermark s3://photos/resized/none\.png .* does not exist\. Upload"):
        process(upload(s3, "one.png", saved(two_halves(), "PNG")), chosen, s3)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix="resized/marked")


def test_contain_has_the_size_and_background_of_its_box(s3: Any) -> None:
    """Around a contained picture is the background, or transparency if the format has it."""
    box = RenditionSpec(name="box", width=100, height=100, fit=Fit.CONTAIN)
    process(upload(s3, "a.png", saved(two_halves(), "PNG")), settings(box), s3)
    alpha = rendition(s3, "box-a.png").convert("RGBA").getchannel("A")
    assert (alpha.size, alpha.getpixel((50, 5)), alpha.getpixel((10, 50))) == ((100, 100), 0, 255)
    process(upload(s3, "b.jpg", saved(two_halves())), settings(replace(box, background="#14c814")), s3)
    assert is_near(rendition(s3, "box-b.jpg").getpixel((50, 5)), GREEN)


def test_every_frame_of_an_animation_is_cropped_alike(s3: Any) -> None:
    """All frames have the same crop and size, in the same order."""
    frames = [Image.new("RGB", (400, 200), colour) for colour in (RED, GREEN, BLUE)]
    body = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=80, loop=0)
    process(upload(s3, "a.gif", body), settings(replace(SQUARE, gravity="attention")), s3)
    shown = rendition(s3, "square-a.gif")
    assert (shown.size, getattr(shown, "n_frames", 1)) == ((60, 60), 3)
    for number, colour in enumerate((RED, GREEN, BLUE)):
        shown.seek(number)
        assert is_near(shown.convert("RGB").getpixel((30, 30)), colour)


def test_a_rendition_has_its_own_formats_and_quality(s3: Any) -> None:
    """A rendition's own formats are written with their extensions, at its own quality."""
    small = RenditionSpec(name="small", width=200, formats=("source", "webp"), quality=Quality(jpeg=20, webp=20))
    large = RenditionSpec(name="large", width=200, quality=Quality(jpeg=95))
    noisy = Image.effect_noise((400, 200), 80).convert("RGB")
    process(upload(s3, "n.jpg", saved(noisy, quality=95)), settings(small, large), s3)
    sizes = {each["Key"]: each["Size"] for each in s3.list_objects_v2(Bucket=BUCKET, Prefix="resized/")["Contents"]}
    assert set(sizes) == {"resized/small-n.jpg", "resized/small-n.jpg.webp", "resized/large-n.jpg"}
    assert sizes["resized/large-n.jpg"] > 2 * sizes["resized/small-n.jpg"]
