"""A manifest has everything that a web page needs, and its paths lead to the right keys."""

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resizer.model import Format, Placeholder, SourceObject, StoredRendition
from resizer.publish.manifest import Manifest, path
from resizer.settings.rules import RenditionSpec
from tests.support.manifests import parsed
from tests.support.pictures import header
from tests.support.plans import rendition_plan

KEY = "photos/Zoë & cat.jpg"
PLACEHOLDER = Placeholder("4PcBFYSjOnZ4nceTo+DZ", "#c82828")


def stored(name: str, width: int, height: int, format_: Format = Format.JPEG) -> StoredRendition:
    extension = "" if format_ is Format.JPEG else f".{format_.lower()}"
    plan = rendition_plan(f"resized/{name}-{KEY}{extension}", width, height, format_)
    return StoredRendition(replace(plan, spec=RenditionSpec(name=name, width=width)), 1234)


def manifest(renditions: Iterable[StoredRendition], placeholder: Placeholder | None = PLACEHOLDER) -> Manifest:
    source = SourceObject("photos", KEY, etag="0123", size=5)
    in_order = tuple(sorted(renditions, key=lambda each: each.plan.rank()))
    return Manifest(source, "0123", 9000, header(3000, 4000, orientation=6), "thumbs", in_order, placeholder)


def test_a_manifest_has_the_contracts_fields() -> None:
    """A manifest has source, renditions, one `srcset` per format, ThumbHash and color; sizes are upright."""
    written = manifest([stored("480", 480, 360), stored("480", 480, 360, Format.WEBP), stored("640", 640, 480)])
    web = "/resized/480-photos/Zo%C3%AB%20%26%20cat.jpg"
    assert parsed(written.body()) == {
        "version": 1,
        "source": {
            "bucket": "photos", "key": KEY, "etag": "0123", "size": 9000, "width": 4000, "height": 3000,
            "format": "jpeg",
        },
        "bucket": "thumbs",
        "renditions": [
            {
                "name": "480", "key": f"resized/480-{KEY}", "path": web, "width": 480, "height": 360, "bytes": 1234,
                "type": "image/jpeg",
            },
            {
                "name": "480", "key": f"resized/480-{KEY}.webp", "path": f"{web}.webp", "width": 480, "height": 360,
                "bytes": 1234, "type": "image/webp",
            },
            {
                "name": "640", "key": f"resized/640-{KEY}", "path": web.replace("480", "640"), "width": 640,
                "height": 480, "bytes": 1234, "type": "image/jpeg",
            },
        ],
        "srcset": {"jpeg": f"{web} 480w, {web.replace('480', '640')} 640w", "webp": f"{web}.webp 480w"},
        "thumbhash": "4PcBFYSjOnZ4nceTo+DZ",
        "color": "#c82828",
    }  # fmt: skip


def test_without_a_placeholder_its_fields_are_null() -> None:
    """Without a placeholder, `thumbhash` and `color` are null."""
    written = parsed(manifest([stored("480", 480, 360)], None).body())
    assert (written["thumbhash"], written["color"]) == (None, None)


@pytest.mark.parametrize(
    ("renditions", "names"),
    [
        (("480 480 360", "1000 1000 750"), ["480", "1000"]),
        (("480 480 360", "card 600 400", "tall 1200 900"), ["480", "tall"]),
        (("64 64 64", "256 256 256"), ["64", "256"]),
        (("64 64 64", "wide 600 200"), ["wide"]),
        (("1000 300 225", "480 300 225"), ["480"]),
        (("480 480 359", "640 640 481"), ["480", "640"]),
    ],
    ids=["widths", "cards", "squares", "two crops", "a small source", "rounded"],
)
def test_a_srcset_does_not_mix_crops(renditions: tuple[str, ...], names: list[str]) -> None:
    """Browsers pick by width, so a `srcset` has renditions of one shape only, and each width once."""
    each = [line.split() for line in renditions]
    written = manifest(stored(name, int(width), int(height)) for name, width, height in each).content()
    paths = [entry.split()[0] for entry in written["srcset"]["jpeg"].split(", ")]
    assert paths == [path(f"resized/{name}-{KEY}") for name in names]


segments = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from([".", "..", ""])


@given(st.lists(segments, min_size=1, max_size=5).map("/".join).filter(lambda key: key not in {"", ".", ".."}))
@example("/a.jpg")
@example("//a/../b c,d.jpg")
@example("resized/480-a/./b?c#d%25.jpg")
def test_a_path_leads_back_to_its_key(key: str) -> None:
    """For any output key, a browser's URL for the path is that key for S3; a `srcset` allows no comma or space."""
    url = urlsplit(urljoin("https://images.example.com/albums/page.html", path(key)))
    assert url.netloc == "images.example.com"
    assert unquote(url.path) == f"/{key}"
    assert not {",", " ", "?", "#"} & set(path(key))
