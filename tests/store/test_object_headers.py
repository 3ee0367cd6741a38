"""What a rendition carries on from its source is the source's own, with the settings' overrides."""

from __future__ import annotations

import pytest

from resizer.settings import Settings
from resizer.store.object_headers import carried_headers, with_extension

EXTENSIONS = (".jpg", ".jpeg")


def test_caching_language_and_expiry_are_carried_on() -> None:
    """The source's caching, language, expiry and file name are carried on, and nothing else of it."""
    own = {"CacheControl": "max-age=60", "ContentLanguage": "de", "Expires": "soon", "ContentDisposition": "inline"}
    answer = {**own, "ContentType": "image/png", "Metadata": {"secret": "x"}, "ContentLength": 9}
    assert carried_headers(answer, Settings()) == own


def test_settings_have_the_last_word() -> None:
    """Caching, tags and storage class by setting stand over what the source has."""
    settings = Settings(cache_control="no-cache", tags="team=shop", storage_class="STANDARD_IA")
    assert carried_headers({"CacheControl": "max-age=60"}, settings) == {
        "CacheControl": "no-cache",
        "Tagging": "team=shop",
        "StorageClass": "STANDARD_IA",
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('attachment; filename="cat.tiff"', 'attachment; filename="cat.jpg"'),
        ('attachment; filename="cat.JPEG"', 'attachment; filename="cat.JPEG"'),
        ("attachment; filename=cat.bmp", "attachment; filename=cat.jpg"),
        ('attachment; filename="my cat"', 'attachment; filename="my cat.jpg"'),
        (
            "attachment; filename=\"cat.tiff\"; filename*=UTF-8''k%C3%A4tzchen.tiff",
            "attachment; filename=\"cat.jpg\"; filename*=UTF-8''k%C3%A4tzchen.jpg",
        ),
        ("attachment; FileName = cat.bmp", "attachment; FileName = cat.jpg"),
        ('attachment; filename="the \\"cat\\".tiff"; x=1', 'attachment; filename="the \\"cat\\".jpg"; x=1'),
        ('attachment; filename="Mr. Smith"', 'attachment; filename="Mr. Smith.jpg"'),
        ('attachment; filename="scan 2024.10.05"', 'attachment; filename="scan 2024.10.05.jpg"'),
        ('attachment; filename="v1.2 final.PNG"', 'attachment; filename="v1.2 final.jpg"'),
        ('attachment; filename=""', 'attachment; filename=""'),
        ('form-data; name="my-filename=a.png"', 'form-data; name="my-filename=a.png"'),
        ('form-data; name="filename=x.png"; filename="y.png"', 'form-data; name="filename=x.png"; filename="y.jpg"'),
        ('form-data; name="a;filename=x.png"', 'form-data; name="a;filename=x.png"'),
        ('attachment; x="never ends; filename=a.png', 'attachment; x="never ends; filename=a.png'),
        ("attachment; filename=a b.png", "attachment; filename=a b.jpg"),
        ("attachment; filename= a b.png \t; x=1", "attachment; filename= a b.jpg \t; x=1"),
        ("attachment;filename=a.png;filename*=UTF-8''b.png", "attachment;filename=a.jpg;filename*=UTF-8''b.jpg"),
        ("attachment; filename*=\"UTF-8''a.png\"", "attachment; filename*=\"UTF-8''a.jpg\""),
        ("filename=cat.png", "filename=cat.jpg"),
        ("attachment; filename=", "attachment; filename="),
        ("inline", "inline"),
    ],
)
def test_the_file_names_extension_is_corrected(before: str, after: str) -> None:
    """A file name ends in an extension of what is written, plain or encoded; the rest stays."""
    assert with_extension(before, EXTENSIONS) == after


@pytest.mark.parametrize("name", ["{}.png", '"{}.png"', "UTF-8''{}.png"])
@pytest.mark.parametrize("letters", ["Åse", "voilà", "日本", "Å\u00a0s"])
def test_letters_beyond_ascii_stay_whole(name: str, letters: str) -> None:
    """A header is UTF-8 read as Latin-1, where halves of letters look like blanks; none is torn apart."""
    before = f"attachment; filename={name.format(letters)}; x=1".encode()
    after = with_extension(before.decode("latin-1"), EXTENSIONS).encode("latin-1")
    assert after == before.replace(b".png", b".jpg")
