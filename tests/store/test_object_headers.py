"""A rendition has its source's headers, the settings' overrides, and a file name with the right extension."""

import re
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resizer.model import Format
from resizer.settings import Settings
from resizer.settings.rules import Rule
from resizer.store.object_headers import content_disposition, headers_for
from tests.conftest import BUCKET
from tests.support.plans import rendition_plan


def disposition(own: str | None, key: str = "cat.jpg", format_: Format = Format.JPEG) -> str | None:
    """The Content-Disposition of a rendition under the plain key."""
    return content_disposition(own, key, rendition_plan(f"resized/480-{key}", 4, 3, format_))


def test_four_headers_are_copied() -> None:
    """Cache-Control, Content-Language, Expires and Content-Disposition are copied, and no other header."""
    own = {"CacheControl": "max-age=60", "ContentLanguage": "de", "Expires": "soon", "ContentDisposition": "inline"}
    answer = {**own, "ContentType": "image/png", "Metadata": {"secret": "x"}, "ContentLength": 9}
    assert headers_for(answer, Settings(), Rule()) == own


def test_settings_override_the_sources_headers() -> None:
    """Cache-Control, tags and storage class of the settings win over those of the source."""
    rule = Rule.of_widths(cache_control="no-cache")
    settings = Settings(defaults=rule, tags="team=shop", storage_class="STANDARD_IA")
    assert headers_for({"CacheControl": "max-age=60"}, settings, rule) == {
        "CacheControl": "no-cache",
        "Tagging": "team=shop",
        "StorageClass": "STANDARD_IA",
    }


def test_a_wrong_extension_is_corrected_by_a_file_name() -> None:
    """If the key's extension is not the format's, Content-Disposition has a file name with the right one."""
    for key, format_, header in [
        ("cat.jpg", Format.JPEG, None),
        ("CAT.JPEG", Format.JPEG, None),
        ("cat.jfif", Format.JPEG, None),
        ("a.tiff/cat.png", Format.PNG, None),
        ("scan.tiff", Format.JPEG, 'inline; filename="scan.jpg"'),
        ("scans/2024/scan.tiff", Format.PNG, 'inline; filename="scan.png"'),
        ("x.jpg", Format.PNG, 'inline; filename="x.png"'),
        ("a.jpg/cat", Format.JPEG, 'inline; filename="cat.jpg"'),
        ("note.txt", Format.JPEG, 'inline; filename="note.txt.jpg"'),
        ("v1.2", Format.GIF, 'inline; filename="v1.2.gif"'),
        ("folder/", Format.JPEG, 'inline; filename="folder.jpg"'),
        ("/", Format.JPEG, 'inline; filename="image.jpg"'),
        ("ä.tiff", Format.JPEG, "inline; filename*=UTF-8''%C3%A4.jpg"),
        ('a "b".tiff', Format.JPEG, "inline; filename*=UTF-8''a%20%22b%22.jpg"),
        ("100%.tiff", Format.JPEG, "inline; filename*=UTF-8''100%25.jpg"),
        ("a\nb.tiff", Format.JPEG, "inline; filename*=UTF-8''a%0Ab.jpg"),
        ("a; b=c.tiff", Format.JPEG, 'inline; filename="a; b=c.jpg"'),
    ]:
        assert disposition(None, key, format_) == header


def test_the_output_keys_own_extension_decides() -> None:
    """An output key that ends in the format's extension needs no file name."""
    webp = rendition_plan("resized/480-scan.tiff.webp", 4, 3, Format.WEBP)
    assert content_disposition(None, "scan.tiff", webp) is None
    ends_in_width = rendition_plan("resized/scan.jpg/480", 4, 3, Format.JPEG)
    assert content_disposition("attachment", "scan.jpg", ends_in_width) == 'attachment; filename="scan.jpg"'


def test_a_sources_disposition_keeps_its_type() -> None:
    """Only the extension of its file name is corrected; a correct header stays unchanged."""
    for before, after in [
        ('attachment; filename="cat.tiff"', 'attachment; filename="cat.jpg"'),
        ('attachment; filename="cat.JPEG"', 'attachment; filename="cat.JPEG"'),
        ("attachment; filename=cat.jpg; size=9", "attachment; filename=cat.jpg; size=9"),
        ("attachment; filename=cat.bmp", 'attachment; filename="cat.jpg"'),
        ('attachment; filename="my cat"', 'attachment; filename="my cat.jpg"'),
        (
            "attachment; filename=\"cat.tiff\"; filename*=UTF-8''k%C3%A4tzchen.tiff",
            "attachment; filename*=UTF-8''k%C3%A4tzchen.jpg",
        ),
        (
            "attachment; filename*=UTF-8''k%C3%A4tzchen.tiff; filename=\"cat.tiff\"",
            "attachment; filename*=UTF-8''k%C3%A4tzchen.jpg",
        ),
        ("attachment; FileName = cat.bmp", 'attachment; filename="cat.jpg"'),
        ("ATTACHMENT;filename=cat.bmp", 'ATTACHMENT; filename="cat.jpg"'),
        ('attachment; filename="the \\"cat\\".tiff"; x=1', "attachment; filename*=UTF-8''the%20%22cat%22.jpg"),
        ('attachment; filename="Mr. Smith"', 'attachment; filename="Mr. Smith.jpg"'),
        ('attachment; filename="v1.2 final.PNG"', 'attachment; filename="v1.2 final.jpg"'),
        ('attachment; filename="a;b.png"', 'attachment; filename="a;b.jpg"'),
        ('form-data; name="x.png"; filename="y.png"', 'form-data; filename="y.jpg"'),
        ("attachment; filename=a b.png", 'attachment; filename="a b.jpg"'),
        ('attachment; filename=""', 'attachment; filename=""'),
        ("attachment; filename=", "attachment; filename="),
        ("attachment", "attachment"),
        ("inline", "inline"),
    ]:
        assert disposition(before) == after


def test_a_disposition_without_a_file_name_gets_one_if_the_key_is_wrong() -> None:
    """A JPEG under the key `scan.tiff` is saved as `scan.jpg`."""
    assert disposition("attachment", "scan.tiff") == 'attachment; filename="scan.jpg"'


@pytest.mark.parametrize("name", ["Åse.png", "voilà.jpg", "日本.tiff"])
@pytest.mark.parametrize("read_as", ["latin-1", "utf-8"])
def test_non_ascii_file_names_follow_rfc_6266(name: str, read_as: str) -> None:
    """Raw UTF-8, read as UTF-8 or as Latin-1, gives the same file name, encoded as ASCII."""
    before = f'attachment; filename="{name}"'.encode().decode(read_as)
    after = disposition(before) or ""
    assert unquote(after) == f"attachment; filename*=UTF-8''{name[:-4].rstrip('.')}.jpg"
    assert after.isascii()
    assert disposition(after) == after


@given(st.text(max_size=40), st.sampled_from(list(Format)))
@example('a; filename="', Format.JPEG)
@example("a; filename*0*=UTF-8''x; filename*2=y", Format.JPEG)
@example("a; filename*=nowhere''%ff", Format.JPEG)
@example("inline; filename*", Format.JPEG)
@example("a; filename*=UTF-8''x; filename*0*=UTF-8''y", Format.JPEG)
def test_any_disposition_gives_a_valid_one(own: str, format_: Format) -> None:
    """For any header of the source, the result is one line of ASCII, and stays unchanged if it is processed again."""
    after = disposition(own or None, "scan.tiff", format_)
    assert after is not None
    assert re.fullmatch(r"[ -~]+", after)
    assert disposition(after, "scan.tiff", format_) == after


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40), st.sampled_from(list(Format)))
def test_any_key_gives_a_valid_header(key: str, format_: Format) -> None:
    """For any key the header is printable ASCII, or there is none."""
    after = disposition(None, key, format_)
    assert after is None or re.fullmatch(r"[ -~]+", after)


def test_a_file_name_is_the_same_after_a_round_trip_through_s3(s3: Any) -> None:
    """HEAD returns the header that was sent, so that the rendition is not written again."""
    s3.put_object(Bucket=BUCKET, Key="cat.jpg", Body=b"", ContentDisposition='inline; filename="Käse.tiff"')
    sent = disposition(s3.head_object(Bucket=BUCKET, Key="cat.jpg")["ContentDisposition"])
    s3.put_object(Bucket=BUCKET, Key="rendition", Body=b"", ContentDisposition=sent)
    assert s3.head_object(Bucket=BUCKET, Key="rendition")["ContentDisposition"] == sent
    assert sent == "inline; filename*=UTF-8''K%C3%A4se.jpg"


def test_other_non_ascii_headers_are_dropped() -> None:
    """A copied header other than Content-Disposition is dropped if it is not ASCII."""
    assert headers_for({"CacheControl": "max-age=60; ü", "ContentLanguage": "de"}, Settings(), Rule()) == {
        "ContentLanguage": "de"
    }
