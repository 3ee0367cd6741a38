"""The built layers are complete for the function, small, and the same bytes every time."""

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile

from devtools.lambda_runtime.artifact import BUILT
from devtools.lambda_runtime.model import Tools
from layers import archive, service_data
from resizer.s3 import S3
from tests.conftest import PROJECT, needs_built_artifact
from tests.support.pictures import heic, photo_like

pytestmark = needs_built_artifact

FOLDER = PROJECT / BUILT.parent
LAYERS = ("DependenciesX86Layer", "DependenciesArmLayer", "HeicX86Layer", "HeicArmLayer")
MAX_ZIP_BYTES = 10_000_000
# Libraries that every Lambda runtime has.
SYSTEM = ("ld-linux", *(f"lib{name}.so" for name in ("c", "m", "mvec", "pthread", "dl", "rt", "gcc_s", "stdc++", "z")))

ONE_OF_EACH = """
import io, sys
from PIL import Image
from resizer import resize
from resizer.cli.folder import FolderS3
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.settings import Settings
import resizer.handler, pathlib
out = pathlib.Path(sys.argv[1])
for name in ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "TIFF", "JPEG2000", "BMP"):
    source = out / f"image.{name.lower()}"
    Image.linear_gradient("L").convert("RGB").resize((1200, 800)).save(source, name)
    settings = Settings.from_env({"RESIZER_WIDTHS": "480", "RESIZER_FORMATS": "source,webp,avif"})
    report = process(SourceObject("photos", source.name), settings, FolderS3({source.name: source}, out))
    print(name, report.outcome, len(report.renditions), report.detail)
print("resampler", resize.BACKEND)
"""

ONE_HEIC = """
import sys, pathlib
from resizer.cli.folder import FolderS3
from resizer.model import SourceObject
from resizer.pipeline import process
from resizer.settings import Settings
out = pathlib.Path(sys.argv[1])
report = process(SourceObject("photos", "photo.heic"), Settings(), FolderS3({"photo.heic": out / "photo.heic"}, out))
print(report.outcome, report.reason)
"""

ENDPOINTS = """
import json, sys
import botocore.session
session = botocore.session.get_session()
credentials = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
endpoints = {}

class Stopped(Exception):
    pass  # instead of a request: its URL

def stop(request, **_):
    raise Stopped(request.url)

for service in ("s3", "sqs", "lambda", "events"):
    for partition in session.get_available_partitions():
        for region in session.get_available_regions(service, partition, allow_non_regional=True):
            for options in ({}, {"use_dualstack_endpoint": True}, {"use_fips_endpoint": True}):
                config = botocore.config.Config(**options)
                name = f"{service} {region} {sorted(options)}"
                try:
                    client = session.create_client(service, region, config=config, **credentials)
                    endpoints[name] = [client.meta.endpoint_url, client.meta.config.signature_version]
                    client.meta.events.register("before-send.s3", stop)
                    for bucket in ("photos", "my.photos", "My_Photos") if service == "s3" else ():
                        try:
                            client.head_object(Bucket=bucket, Key="cat.jpg")
                        except Stopped as stopped:
                            endpoints[name].append(str(stopped))
                except Exception as problem:
                    endpoints[name] = repr(problem)
print(json.dumps(endpoints))
"""


def packages(layer: str) -> Path:
    return FOLDER / layer / "python"


def run(tools: Tools, path: list[Path], code: str, *arguments: str) -> str:
    """Run code in Lambda's Python with only these folders on the path; returns its output."""
    environment = {"PYTHONPATH": ":".join(map(str, path)), "PYTHONDONTWRITEBYTECODE": "1", "AWS_REGION": "us-east-1"}
    command = [str(tools.python), "-c", code, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_trimmed_layer_resizes_every_format(tools: Tools, tmp_path: Path) -> None:
    """With only the trimmed layer, the handler is imported and an image of each format is resized."""
    local = tmp_path / "local" / "resizer"  # the function's code, with FolderS3 added
    shutil.copytree(FOLDER / "ResizeFunction" / "resizer", local)
    (local / "cli").mkdir()
    shutil.copy(PROJECT / "resizer" / "cli" / "folder.py", local / "cli")
    printed = run(tools, [local.parent, packages("DependenciesX86Layer")], ONE_OF_EACH, str(tmp_path)).splitlines()
    *lines, resampler = [line for line in printed if not line.startswith("{")]
    assert [line.split()[:3] for line in lines if line.split()[1] != "resized"] == []
    assert len(lines) == 8
    assert resampler == "resampler cykooz-resizer"


def test_the_heic_layer_resizes_heic(tools: Tools, tmp_path: Path) -> None:
    """With the HEIC layer a HEIC is resized; without it, it is rejected `heic_not_installed`."""
    local = tmp_path / "local" / "resizer"
    shutil.copytree(FOLDER / "ResizeFunction" / "resizer", local)
    (local / "cli").mkdir()
    shutil.copy(PROJECT / "resizer" / "cli" / "folder.py", local / "cli")
    (tmp_path / "photo.heic").write_bytes(heic(photo_like(1200, 800)))
    layers = [packages("DependenciesX86Layer"), packages("HeicX86Layer")]
    for path, expected in ((layers, "resized None"), (layers[:1], "rejected heic_not_installed")):
        assert run(tools, [local.parent, *path], ONE_HEIC, str(tmp_path)).splitlines()[-1] == expected


@pytest.mark.parametrize("layer", LAYERS)
def test_no_library_is_missing(layer: str) -> None:
    """Every native library finds its dependencies in the layer or in the Lambda runtime."""
    folder = packages(layer)
    libraries = [path for path in folder.rglob("*") if ".so" in path.suffixes]
    included = {path.name for path in libraries}
    missing = {
        f"{path.name} needs {needed}"
        for path in libraries
        for needed in needed_by(path)
        if needed not in included and not needed.startswith(SYSTEM)
    }
    assert libraries
    assert not missing


@pytest.mark.parametrize("layer", LAYERS)
def test_libraries_match_the_layers_architecture(layer: str) -> None:
    """An arm64 layer has only arm64 libraries, whatever machine built it; an x86_64 layer likewise."""
    expected = "AArch64" if "Arm" in layer else "x64"
    libraries = [path for path in packages(layer).rglob("*") if ".so" in path.suffixes]
    with_architecture = {path.name: architecture(path) for path in libraries}
    assert set(with_architecture.values()) == {expected}


def test_trimming_botocore_changes_no_endpoint(tools: Tools) -> None:
    """With the trimmed data every service that we call, and every kind of bucket, has the same endpoint as without."""
    whole = run(tools, [Path(str(whole_botocore()))], ENDPOINTS)
    trimmed = run(tools, [packages("DependenciesX86Layer")], ENDPOINTS)
    answers: dict[str, Any] = json.loads(trimmed)
    assert answers == json.loads(whole)
    assert len(answers) > 300
    assert answers["sqs eu-central-1 []"][0] == "https://sqs.eu-central-1.amazonaws.com"
    assert answers["s3 eu-central-1 []"][2:] == [
        "https://photos.s3.eu-central-1.amazonaws.com/cat.jpg",
        "https://s3.eu-central-1.amazonaws.com/my.photos/cat.jpg",
        "https://s3.eu-central-1.amazonaws.com/My_Photos/cat.jpg",
    ]


IMPORTED = """
import sys
import resizer.handler
print(*sorted(sys.modules))
"""


def test_a_cold_start_imports_only_what_most_images_need(tools: Tools) -> None:
    """It imports no library of rarely used formats, and nothing that only the replaced modules need."""
    imported = run(tools, [FOLDER / "ResizeFunction", packages("DependenciesX86Layer")], IMPORTED).split()
    unneeded = {
        "PIL._avif", "PIL._webp", "PIL._imagingcms", "resizer.formats.tiff", "isal", "jsonschema", "tomllib",
        "html.parser", "importlib.metadata", "typing_extensions", "zipfile",
    }  # fmt: skip
    assert "PIL._imaging" in imported
    assert not unneeded & set(imported)


PUT_EVENTS = """
import sys
from resizer.s3.clients import send
entry = {"Source": "resizer", "DetailType": "Image Rejected", "Detail": "{}", "EventBusName": "default"}
print(send("events", "put_events", Entries=[entry])["FailedEntryCount"])
"""


def test_the_trimmed_layer_sends_events_to_a_bus(tools: Tools, s3: Any, tmp_path: Path) -> None:
    """botocore's trimmed model of EventBridge is enough to put an event on a bus."""
    environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    path = [FOLDER / "ResizeFunction", packages("DependenciesX86Layer")]
    assert run(tools, path, f"import os\nos.environ.update({environment!r})\n{PUT_EVENTS}") == "0\n"


CHECK_SETTINGS = """
import sys
from resizer.errors import ConfigError
from resizer.settings import Settings
try:
    Settings.from_env({"RESIZER_CONFIG": sys.argv[1]})
except ConfigError as wrong:
    print(*wrong.mistakes, sep="\\n")
"""


def test_the_trimmed_layer_checks_a_settings_file(tools: Tools, tmp_path: Path) -> None:
    """With only the trimmed layer, every mistake in an unchecked settings file is named."""
    file = tmp_path / "shop.toml"
    file.write_text("[defaults]\nrenditions = [0]\neffort = 'most'\n[watermarks.'a b']\nkey = 'x'\n")
    mistakes = run(tools, [FOLDER / "ResizeFunction", packages("DependenciesX86Layer")], CHECK_SETTINGS, str(file))
    assert len(mistakes.splitlines()) == 3


def test_the_layer_has_every_s3_operation_that_we_call() -> None:
    """The operations of `resizer.s3.S3` are among those in the layer's model of S3."""
    operations = {"".join(part.title() for part in name.split("_")) for name in vars(S3) if name.endswith("_object")}
    assert operations <= set(service_data.OPERATIONS["s3"])


def test_the_layer_is_small() -> None:
    """Each layer has at most 10 MB zipped, and a fifth of Lambda's limit unzipped."""
    for layer in LAYERS:
        assert (FOLDER / f"{layer}.zip").stat().st_size <= MAX_ZIP_BYTES, layer
        unzipped = sum(path.stat().st_size for path in packages(layer).rglob("*") if path.is_file())
        assert unzipped < archive.LIMIT_UNZIPPED_MB * archive.MEGABYTE / 5


def test_the_layer_has_nothing_superfluous() -> None:
    """The layer has no tests, Tk, FreeType or installer data; it has licences, and all code is compiled."""
    folder = packages("DependenciesX86Layer")
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
    superfluous = ("/tests", "_imagingtk", "freetype", ".dist-info", "ImageTk")
    assert not [name for name in names if any(part in name for part in superfluous)]
    assert not [name for name in names if name.endswith(".py")]
    assert [name for name in names if name.startswith("licences/pillow")]
    services = {path.name for path in (folder / "botocore" / "data").iterdir() if path.is_dir()}
    assert services == {"s3", "sqs", "lambda", "events"}


def test_the_function_has_the_package_without_command_line_and_local_service() -> None:
    """The function's code is the package `resizer`, compiled, without `cli`, `local` and `__main__`."""
    assert (FOLDER / "ResizeFunction" / "resizer" / "handler.py").exists()
    assert not any((FOLDER / "ResizeFunction" / "resizer" / part).exists() for part in ("cli", "local", "__main__.py"))
    assert list((FOLDER / "ResizeFunction" / "resizer" / "__pycache__").glob("handler.cpython-313.pyc"))


def needed_by(library: Path) -> list[str]:
    with library.open("rb") as file:
        dynamic: Any = ELFFile(file).get_section_by_name(".dynamic")
        return [tag.needed for tag in dynamic.iter_tags() if tag.entry.d_tag == "DT_NEEDED"]


def architecture(library: Path) -> str:
    with library.open("rb") as file:
        return str(ELFFile(file).get_machine_arch())


@cache
def whole_botocore() -> Path:
    """The folder of this environment's botocore, which has the layer's version."""
    import botocore  # noqa: PLC0415 # only its folder is needed

    return Path(botocore.__file__).parents[1]
