"""What a rendition carries on from its source is the source's own, with the settings' overrides."""

from __future__ import annotations

from typing import Any

import pytest

from resizer.settings import Settings
from resizer.store.object_headers import carried_headers, in_ascii, with_extension
from tests.conftest import BUCKET

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


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('attachment; filename="cat.png"', 'attachment; filename="cat.png"'),
        (
            'attachment; filename="Käse 日本.png"; x=1',
            "attachment; filename=\"K_se __.png\"; filename*=UTF-8''K%C3%A4se%20%E6%97%A5%E6%9C%AC.png; x=1",
        ),
        ("attachment; filename=Käse.png", "attachment; filename=K_se.png; filename*=UTF-8''K%C3%A4se.png"),
        (
            'attachment; filename="a \\"ö\\".png"',
            'attachment; filename="a \\"_\\".png"; filename*=UTF-8\'\'a%20%22%C3%B6%22.png',
        ),
        (
            "attachment; filename=\"Käse.png\"; filename*=UTF-8''K%C3%A4se.png",
            "attachment; filename=\"K_se.png\"; filename*=UTF-8''K%C3%A4se.png",
        ),
        ("attachment; filename*=UTF-8''Käse.png", "attachment; filename*=UTF-8''K%C3%A4se.png"),
        ('form-data; name="größe"', 'form-data; name="gr??e"'),
    ],
)
@pytest.mark.parametrize("as_bytes", [True, False])
def test_a_file_name_is_sent_in_ascii(before: str, after: str, as_bytes: bool) -> None:  # noqa: FBT001 # a table's column
    """Names keep their letters in a form that every client passes on, whether the header came as UTF-8 or Latin-1."""
    told = before.encode().decode("latin-1") if as_bytes else before
    assert in_ascii(told) == after
    assert in_ascii(after) == after


def test_a_file_name_survives_the_way_through_s3(s3: Any) -> None:
    """What a rendition is stored with is what a HEAD tells of it, so that it is not written again."""
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"", ContentDisposition='inline; filename="Käse.tiff"')
    found = s3.head_object(Bucket=BUCKET, Key="cat.jpg")
    carried = carried_headers(found, Settings())
    s3.put_object(Bucket=BUCKET, Key="rendition", Body=b"", **carried)
    assert s3.head_object(Bucket=BUCKET, Key="rendition")["ContentDisposition"] == carried["ContentDisposition"]
    assert carried["ContentDisposition"] == "inline; filename=\"K_se.tiff\"; filename*=UTF-8''K%C3%A4se.tiff"


def test_other_headers_beyond_ascii_are_left_out() -> None:
    """Nothing else that is carried on has such letters in its grammar."""
    assert carried_headers({"CacheControl": "max-age=60; ü", "ContentLanguage": "de"}, Settings()) == {
        "ContentLanguage": "de"
    }
