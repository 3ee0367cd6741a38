"""The upgrade chapter's loop deletes renditions under old keys, and nothing else."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.settings import Settings
from resizer.settings.rules import Rule
from resizer.store.provenance import short_hash
from tests.conftest import BUCKET, PROJECT
from tests.support.pictures import photo_like, saved

CHAPTER = (PROJECT / "docs" / "operating.md").read_text().partition("### Upgrading")[2]
SETTINGS = Settings(defaults=Rule.of_widths((40, 20)))
# Output keys of earlier versions, with their sources.
OLD = {
    "resized/480-scan.tiff.jpg": "scan.tiff",
    "resized/480-a/b-c.d/scan.png": "a/b-c.d/scan",
    "resized/640-IMG 1 é.heic.png": "IMG 1 é.heic",
    "resized/640-x.jpg.png": "x.jpg",
}


@pytest.fixture
def upgraded(s3: Any) -> Callable[..., None]:
    """Returns a function that fills a bucket with renditions under new and old keys, and an object of somebody else."""

    def fill(*formats: str, old: dict[str, str]) -> None:
        for key in ("scan.tiff", "cat.jpg", "cat.webp", "a/b-c.d/scan"):
            s3.put_object(Bucket=BUCKET, Key=key, Body=saved(photo_like(50, 40)))
            process(SourceObject(BUCKET, key), replace(SETTINGS, defaults=Rule.of_widths(formats=formats)), s3)
        for key, source in old.items():
            metadata = {"source-key-hash": short_hash(source)}
            s3.put_object(Bucket=BUCKET, Key=key, Body=b"old", ContentType="image/jpeg", Metadata=metadata)
        s3.put_object(Bucket=BUCKET, Key="resized/480-stranger.tiff.jpg", Body=b"not ours")

    return fill


def run_loop(formats: set[str], *, delete: bool) -> None:
    [loop] = re.findall(r"```python\n(.*?)```", CHAPTER, re.DOTALL)
    for before, after in (
        ('"my-photos"', repr(BUCKET)),
        ('{"source"}  #', f"{formats}  #"),
        ("DELETE = False", f"DELETE = {delete}"),
    ):
        assert loop.count(before) == 1
        loop = loop.replace(before, after)
    exec(loop, {})  # noqa: S102 # the page's own code


@pytest.mark.parametrize(
    ("formats", "old"),
    [
        (("source",), OLD),
        (("source", "webp"), OLD),
        (("source", "png"), {key: source for key, source in OLD.items() if key.endswith(".jpg")}),
        (("webp",), {**OLD, "resized/480-cat.webp": "cat.webp", "resized/640-cat.webp": "cat.webp"}),
    ],
)
def test_the_loop_deletes_only_renditions_under_old_keys(
    upgraded: Callable[..., None],
    s3: Any,
    capsys: pytest.CaptureFixture[str],
    formats: tuple[str, ...],
    old: dict[str, str],
) -> None:
    """The loop prints old keys, and deletes them only with DELETE = True; all other objects stay."""
    upgraded(*formats, old=old)
    before = {each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET)["Contents"]}
    for delete in (False, True):
        run_loop(set(formats), delete=delete)
        assert set(capsys.readouterr().out.splitlines()) == set(old)
        remaining = {each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET)["Contents"]}
        assert remaining == (before - set(old) if delete else before)
