"""What of the installed packages a layer keeps: what the function calls, and nothing that only costs its cold start."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

# Powertools' utilities that nothing here imports, not even within a function. Logger needs jmespath_utils.
UTILITIES: Final = (
    "auth_alpha",
    "batch",
    "circuit_breaker",
    "data_classes",
    "data_masking",
    "feature_flags",
    "idempotency",
    "kafka",
    "metadata",
    "parameters",
    "parser",
    "streaming",
    "validation",
)
# Formats of Pillow that nothing here reads or writes.
PLUGINS: Final = (
    "Blp", "BufrStub", "Dcx", "Dds", "Eps", "Fits", "Fli", "Fpx", "Ftex", "Gbr", "GribStub", "Hdf5Stub", "Icns", "Im",
    "Imt", "McIdas", "Mic", "Mpeg", "Msp", "Palm", "Pcd", "Pcx", "Pdf", "Pixar", "Psd", "Qoi", "Sgi", "Spider", "Sun",
    "Tga", "Wmf", "XVThumb", "Xbm", "Xpm",
)  # fmt: skip
# Patterns below the layer's python folder, each with the reason why the function never needs it.
DROPPED: Final = {
    "bin": "command line programs",
    "**/__pycache__": "compiled anew, so that builds are the same byte for byte",
    "**/tests": "tests",
    "**/*.pyi": "for type checkers",
    "**/py.typed": "for type checkers",
    "PIL/_imagingtk*": "Tk",
    "PIL/_tkinter_finder.py": "Tk",
    "PIL/ImageTk.py": "Tk",
    "PIL/_imagingft*": "FreeType: nothing here draws text",
    "pillow.libs/libfreetype*": "FreeType",
    "pillow.libs/libharfbuzz*": "used by FreeType only",
    "pillow.libs/libpng16*": "used by FreeType only: Pillow reads and writes PNG itself",
    "pillow.libs/libbrotli*": "used by FreeType only",
    "PIL/ImageQt.py": "Qt",
    "PIL/_imagingmorph*": "morphology",
    "PIL/ImageMorph.py": "morphology",
    "PIL/_imagingmath*": "expressions on images",
    "PIL/ImageMath.py": "expressions on images",
    "PIL/PdfParser.py": "PDF",
    "PIL/ImageGrab.py": "screenshots",
    "PIL/ImageShow.py": "windows",
    "PIL/ImageWin.py": "windows",
    "PIL/PSDraw.py": "PostScript",
    "PIL/*FontFile.py": "fonts",
    **{f"PIL/{name}ImagePlugin.py": "a format that nothing here reads" for name in PLUGINS},
    "jsonschema/benchmarks": "benchmarks",
    "isal/igzip.py": "gzip files; isal_zlib needs igzip_lib",
    "isal/igzip_threaded.py": "gzip files",
    "isal/isa-l": "its licence once more",
    "dateutil/zoneinfo/*.tar.gz": "time zones by name, which no header of AWS uses",
    "aws_lambda_powertools/event_handler": "for HTTP APIs",
    **{f"aws_lambda_powertools/utilities/{name}": "nothing here imports it" for name in UTILITIES},
    "botocore/data/*/*/examples-1.json": "documentation",
    "botocore/data/*/*/paginators-1*": "nothing is listed",
    "botocore/data/*/*/waiters-2.json": "nothing is waited for",
    "*.dist-info": "what installers read; licences are kept apart",
}


# Modules that are imported though the function calls nothing in them, and what is left of each.
SHORTENED: Final = {
    "urllib3/http2/__init__.py": "",  # HTTP/2 is opt-in; its importlib.metadata takes 0.7 MB and 5 ms
    "botocore/docs/__init__.py": "",  # writes botocore's manual
    # The same, and for it parses HTML with all its entities.
    "botocore/docs/docstring.py": "ClientMethodDocstring = PaginatorDocstring = WaiterDocstring = lambda **_: None\n",
    "aws_lambda_powertools/utilities/jmespath_utils/__init__.py": "",  # queries of events, and typing_extensions
}


def keep_licences(packages: Path, licences: Path) -> None:
    """Copy each package's licence to a folder, for whoever hands the layer on."""
    names = ("LICENSE*", "LICENCE*", "COPYING*", "NOTICE*")
    for metadata in sorted(packages.glob("*.dist-info")):
        for file in sorted({file for name in names for file in metadata.rglob(name) if file.is_file()}):
            target = licences / metadata.name.removesuffix(".dist-info") / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


def drop(packages: Path) -> None:
    """Remove what is dropped."""
    for pattern in DROPPED:
        for found in sorted(packages.glob(pattern)):
            shutil.rmtree(found) if found.is_dir() else found.unlink()


def shorten(packages: Path) -> None:
    """Write the shortened modules. Raises `FileNotFoundError` if a package has another layout than expected."""
    for name, left in SHORTENED.items():
        with (packages / name).open("r+") as module:
            module.truncate()
            module.write(left)


def drop_sources(packages: Path) -> None:
    """Leave the bytecode alone, which stands beside its source: a megabyte less, and no source to look for."""
    for source in packages.rglob("*.py"):
        if source.with_suffix(".pyc").exists():
            source.unlink()
