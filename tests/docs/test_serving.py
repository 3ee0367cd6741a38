"""The HTML of docs/serving.md works in a browser, and its helpers work as printed."""

import html
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from resizer import handler
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.settings import Settings
from resizer.settings.rules import Rule
from tests.conftest import BUCKET, PROJECT, context, notification
from tests.support.browser import Browser, program
from tests.support.listening import Listening
from tests.support.manifests import parsed, with_manifest
from tests.support.pictures import photo_like, saved

pytestmark = pytest.mark.slow

PAGE = (PROJECT / "docs" / "serving.md").read_text()
BASE = "https://images.example.com"
KEYS = ["photos/cat.jpg", "photos/Zoë & cat.jpg", "a//b c/100%25 'sure' (1).jpg", "日本語/写真?#+,=.jpg"]
SETTINGS = with_manifest(Settings(defaults=Rule.of_widths(formats=("source", "webp", "avif"))))
THUMBHASH = PROJECT / "tests" / "docs" / "npm" / "node_modules" / "thumbhash" / "thumbhash.js"


def block(language: str, containing: str) -> str:
    """The only block in this language that contains these words."""
    [text] = [each for each in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if containing in each]
    return str(text)


def key_of(url: str, base: str = BASE) -> str:
    """The key that S3 sees in a request for this URL."""
    assert url.startswith(f"{base}/")
    parts = urlsplit(url)
    assert not parts.query
    assert not parts.fragment
    return unquote(parts.path[1:])


def candidates(srcset: str) -> dict[str, str]:
    """The keys in a `srcset`, by their width descriptors."""
    return {width: key_of(url) for url, width in (each.split() for each in srcset.split(", "))}


def renditions(key: str) -> dict[str, str]:
    return {f"{width}w": f"resized/{width}-{key}" for width in (480, 640, 1000)}


def attributes(tag: str) -> dict[str, str]:
    """The attributes of an `<img>` tag."""
    assert re.fullmatch(r"<img( [a-z]+=\"[^\"<>]*\")* ?/?>", tag), tag
    return {name: html.unescape(value) for name, value in re.findall(r' ([a-z]+)="([^"]*)"', tag)}


@pytest.fixture
def pictures(s3: Any) -> Any:
    """A bucket with the page's pictures in all formats, with manifests."""
    for key in ("photos/cat.jpg", "cat.jpg"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=saved(photo_like(1200, 800)))
        process(SourceObject(BUCKET, key), SETTINGS, s3)
    return s3


def test_the_python_helper_returns_the_url_in_its_comment() -> None:
    """The example returns what its comment says, and S3 sees the right key for any key."""
    code = block("python", "def rendition(key: str")
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 # the page's own code
    call, _, expected = code.strip().splitlines()[-1].partition("  # ")
    assert eval(call, names) == expected  # noqa: S307 # as above
    for key in KEYS:
        assert key_of(names["rendition"](key, 480)) == f"resized/480-{key}"


REPORT = """
<script src="/report.js"></script>
<script type="module">
  const images = [...document.images];
  await Promise.all(images.map((image) => image.decode()));
  report(images.map((image) => [new URL(image.currentSrc).pathname, image.width, image.height, image.alt]));
</script>"""


def test_a_browser_shows_the_html(pictures: Any, tmp_path: Path) -> None:
    """Chromium shows the `<img>` at its size, and picks the AVIF of the `<picture>`."""
    page = f"<!doctype html><body>{block('html', 'loading=')}{block('html', '<picture>')}{REPORT}"
    with Browser(pictures, BUCKET, {"/page.html": ("text/html", page)}) as browser:
        image, picture = browser.show("/page.html", tmp_path)
    assert image[0] in {f"/{key}" for key in renditions("photos/cat.jpg").values()}
    assert picture[0] in {"/resized/640-cat.jpg.avif", "/resized/1000-cat.jpg.avif"}
    assert image[1:] == picture[1:] == [640, 427, "A cat"]


def test_a_browser_shows_the_placeholder_of_a_manifest(pictures: Any, tmp_path: Path) -> None:
    """The page's script shows the placeholder at the right size, then a rendition from the `srcset`."""
    if not THUMBHASH.exists():
        program("thumbhash from npm", "npm ci --prefix tests/docs/npm")
    page = """<!doctype html>
<script src="/report.js"></script>
<script type="importmap">{"imports": {"thumbhash": "/thumbhash.js"}}</script>
<body><img alt="A cat" sizes="480px">
<script type="module">
  import { showPicture } from "/picture.js";
  const [image] = document.images;
  await showPicture(image, "photos/cat.jpg", location.origin);
  await image.decode();
  report([new URL(image.currentSrc).pathname, image.naturalWidth, image.width, image.height, image.style.background]);
</script>"""
    script = "text/javascript"
    pages = {
        "/page.html": ("text/html", page),
        "/picture.js": (script, block("js", "showPicture")),
        "/thumbhash.js": (script, THUMBHASH.read_text()),
    }
    with Browser(pictures, BUCKET, pages) as browser:
        path, natural, width, height, background = browser.show("/page.html", tmp_path)
    assert (path, natural) == ("/resized/480-photos/cat.jpg", 480)
    assert (width, height) == (1200, 800)
    manifest = parsed(pictures.get_object(Bucket=BUCKET, Key="resized/manifest-photos/cat.jpg.json")["Body"].read())
    red, green, blue = bytes.fromhex(manifest["color"][1:])
    assert f"rgb({red}, {green}, {blue})" in background
    assert "data:image/png;base64," in background


def test_the_manifest_on_the_page_is_a_real_one(pictures: Any) -> None:
    """A real manifest has exactly the fields of the example, with values of the same types."""
    example = json.loads(block("json", '"thumbhash"'))
    real = parsed(pictures.get_object(Bucket=BUCKET, Key="resized/manifest-photos/cat.jpg.json")["Body"].read())

    def kinds(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: kinds(each) for name, each in value.items()}
        return kinds(value[0]) if isinstance(value, list) else type(value)

    del real["srcset"]["avif"]
    assert kinds(real) == kinds(example)
    first = {**example["renditions"][0], "bytes": 0}
    assert first in [{**each, "bytes": 0} for each in real["renditions"]]
    assert example["source"].keys() == real["source"].keys()


@pytest.mark.parametrize("key", KEYS)
def test_the_nextjs_loader_picks_the_next_larger_rendition(key: str, tmp_path: Path) -> None:
    """The loader picks the next larger rendition for all widths that `next/image` asks for, and for others."""
    (tmp_path / "loader.mjs").write_text(block("js", "resizerLoader"))
    (tmp_path / "config.mjs").write_text(block("js", "loaderFile"))
    script = """
import load from "./loader.mjs";
import config from "./config.mjs";
const widths = [...config.images.deviceSizes, ...config.images.imageSizes, 16, 481, 2048];
console.log(JSON.stringify(widths.map((width) => [width, load({ src: process.argv[2], width, quality: 75 })])));
"""
    (tmp_path / "run.mjs").write_text(script)
    command = [program("node", "apt install nodejs"), str(tmp_path / "run.mjs"), key]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    larger = {16: 480, 481: 640, 2048: 1000}
    assert [(width, key_of(url)) for width, url in json.loads(printed)] == [
        (width, f"resized/{larger.get(width, width)}-{key}") for width in (480, 640, 1000, 16, 481, 2048)
    ]


DJANGO = """
import django, json, sys
from django.conf import settings
from django.template import Engine, Context
settings.configure()
django.setup()
engine = Engine(libraries={"renditions": "renditions"})
template = engine.from_string('{% load renditions %}{% rendition key alt=alt %}')
print(json.dumps([template.render(Context({"key": key, "alt": 'A "cat" & <dog>'})) for key in json.loads(sys.argv[1])]))
"""
RUBY = """
require "action_view"
require "json"
require_relative "renditions_helper"
class View
  include ActionView::Helpers::TagHelper
  include RenditionsHelper
end
puts JSON.generate(JSON.parse(ARGV[0]).map { |key| View.new.rendition_tag(key, alt: 'A "cat" & <dog>') })
"""


def django_tags(folder: Path) -> list[str]:
    """The tags of Django's template, rendered in a new process because Django can be configured only once."""
    (folder / "renditions.py").write_text(block("python", "register.simple_tag"))
    command = [sys.executable, "-c", DJANGO, json.dumps(KEYS)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    tags: list[str] = json.loads(done.stdout)
    return tags


def rails_tags(folder: Path) -> list[str]:
    """The tags of the Rails helper, rendered with Action View."""
    install = "apt install ruby-actionview"
    ruby = program("ruby", install)
    if subprocess.run([ruby, "-raction_view", "-e", ""], capture_output=True, check=False).returncode:
        program("Action View for Ruby", install)
    (folder / "renditions_helper.rb").write_text(block("ruby", "module RenditionsHelper"))
    (folder / "run.rb").write_text(RUBY)
    command = [ruby, "-Ku", str(folder / "run.rb"), json.dumps(KEYS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"LANG": "C.UTF-8"})
    assert done.returncode == 0, done.stderr
    tags: list[str] = json.loads(done.stdout)
    return tags


@pytest.mark.parametrize("tags_of", [django_tags, rails_tags])
def test_the_framework_helpers_write_a_right_img_tag(tags_of: Any, tmp_path: Path) -> None:
    """Every URL of the tag leads to the right key, and the alt text is escaped."""
    for key, tag in zip(KEYS, tags_of(tmp_path), strict=True):
        img = attributes(tag)
        assert key_of(img["src"]) == f"resized/640-{key}"
        assert candidates(img["srcset"]) == renditions(key)
        assert (img["alt"], img["sizes"], img["loading"]) == ('A "cat" & <dog>', "100vw", "lazy")


def test_the_rule_matches_events_of_one_folder(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The event pattern matches Renditions Ready events for one folder only."""
    monkeypatch.setattr(handler, "settings", replace(handler.settings, event_bus="docs"))
    pattern = json.loads(block("json", '"prefix"'))
    listening = Listening.on("docs", pattern)
    try:
        for key in ("products/cat.jpg", "other/cat.jpg", "products/note.txt"):
            body = b"text" if key.endswith("txt") else saved(photo_like(60, 40))
            s3.put_object(Bucket=BUCKET, Key=key, Body=body)
            handler.lambda_handler(notification(key), context())
        assert [each["detail"]["source"]["key"] for each in listening.received()] == ["products/cat.jpg"]
    finally:
        listening.close()


def test_cloudformation_accepts_the_web_hook(tmp_path: Path) -> None:
    """cfn-lint accepts the example, and its pattern has all our detail types."""
    template = tmp_path / "web-hook.yaml"
    template.write_text(block("yaml", "AWS::Events::ApiDestination"))
    command = [str(Path(sys.executable).parent / "cfn-lint"), str(template)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    for type_ in ("Renditions Ready", "Renditions Removed", "Image Rejected"):
        assert type_ in template.read_text()
