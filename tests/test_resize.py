"""Both resamplers give the same pictures, with clean edges, in any thread."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from resizer.resize import BACKEND, _scaled, resize
from tests.support.pictures import grey_like, photo_like, psnr, translucent

PICTURES = [photo_like(480, 320), grey_like(480, 320), translucent(480, 320)]


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.mode)
@pytest.mark.parametrize("size", [(333, 222), (120, 80), (479, 1), (1, 319)])
def test_both_resamplers_agree(monkeypatch: pytest.MonkeyPatch, picture: Image.Image, size: tuple[int, int]) -> None:
    """Without the SIMD wheel Pillow resizes, with at least 40 dB PSNR between the two."""
    fast = resize(picture, size)
    monkeypatch.setattr("resizer.resize.cykooz_resizer", None)
    slow = resize(picture, size)
    assert (slow.mode, slow.size) == (fast.mode, fast.size) == (picture.mode, size)
    visible = "RGBa" if picture.mode == "RGBA" else picture.mode  # hidden colours do not count
    assert psnr(fast.convert(visible), slow.convert(visible)) >= 40


def test_transparent_edges_have_no_fringes(backend: str) -> None:
    """The hidden colour of transparent pixels does not darken the edge next to them."""
    picture = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    picture.paste((250, 200, 150, 255), (0, 0, 101, 100))
    pixels = resize(picture, (61, 31)).tobytes()
    colours = [tuple(pixels[at : at + 3]) for at in range(0, len(pixels), 4) if pixels[at + 3] > 16]
    alphas = {pixels[at] for at in range(3, len(pixels), 4)}
    assert any(0 < alpha < 255 for alpha in alphas)
    assert all(got >= want - 8 for colour in colours for got, want in zip(colour, (250, 200, 150), strict=True))


def test_resizing_is_thread_safe() -> None:
    """Several threads can resize at once, and each gets its own pixels."""
    pictures = [photo_like(300, 200, seed=seed) for seed in range(8)]
    expected = [resize(picture, (90, 60)).tobytes() for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        actual = list(pool.map(lambda picture: resize(picture, (90, 60)).tobytes(), pictures * 4))
    assert actual == expected * 4


def test_overwriting_the_source_gives_the_same_pixels(backend: str) -> None:
    """With `overwrite`, which saves a copy, the visible pixels are the same."""
    kept = resize(PICTURES[2], (120, 80))
    overwritten = resize(PICTURES[2].copy(), (120, 80), overwrite=True)
    assert psnr(overwritten.convert("RGBa"), kept.convert("RGBa")) > 45


@pytest.mark.skipif(BACKEND == "pillow", reason="only the SIMD resampler makes the result after the picture is closed")
@pytest.mark.parametrize("box", [None, (0.0, 0.0, 479.5, 319.5), (101.3, 57.8, 333.1, 250.2), (20, 30, 420, 130)])
def test_closing_the_picture_before_the_result_is_made_gives_the_same_pixels(
    box: tuple[float, float, float, float] | None,
) -> None:
    """It scales down and then across, which is what the resampler does in one step, to the last bit."""
    picture, size = photo_like(480, 320).copy(), (133, 77)
    expected = _scaled(picture, size, box or (0, 0, 480, 320))
    assert resize(picture, size, box=box, close=True).tobytes() == expected.tobytes()
    with pytest.raises(ValueError, match="closed"):
        picture.tobytes()
