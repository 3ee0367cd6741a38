"""Removes from the installed packages what the function never uses: each megabyte slows a cold start."""

import shutil
from pathlib import Path
from typing import Final

# Utilities of Powertools that we never import. Logger needs jmespath_utils.
POWERTOOLS_UTILITIES: Final = (
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
# Formats of Pillow that we neither read nor write.
PILLOW_PLUGINS: Final = (
    "Blp", "BufrStub", "Dcx", "Dds", "Eps", "Fits", "Fli", "Fpx", "Ftex", "Gbr", "GribStub", "Hdf5Stub", "Icns", "Im",
    "Imt", "McIdas", "Mic", "Mpeg", "Msp", "Palm", "Pcd", "Pcx", "Pdf", "Pixar", "Psd", "Qoi", "Sgi", "Spider", "Sun",
    "Tga", "Wmf", "XVThumb", "Xbm", "Xpm",
)  # fmt: skip
# Patterns below the layer's python folder, each with the reason why the function does not need it.
UNUSED: Final = {
    "bin": "command line programs",
    "**/__pycache__": "we compile it again, so that every build has the same bytes",
    "**/tests": "tests",
    "**/*.pyi": "for type checkers",
    "**/py.typed": "for type checkers",
    "PIL/_imagingtk*": "Tk",
    "PIL/_tkinter_finder.py": "Tk",
    "PIL/ImageTk.py": "Tk",
    "PIL/_imagingft*": "FreeType: we draw no text",
    "pillow.libs/libfreetype*": "FreeType",
    "pillow.libs/libharfbuzz*": "only FreeType uses it",
    "pillow.libs/libpng16*": "only FreeType uses it: Pillow reads and writes PNG itself",
    "pillow.libs/libbrotli*": "only FreeType uses it",
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
    **{f"PIL/{name}ImagePlugin.py": "a format that we do not read" for name in PILLOW_PLUGINS},
    "jsonschema/benchmarks": "benchmarks",
    "isal/igzip.py": "gzip files; isal_zlib needs igzip_lib",
    "isal/igzip_threaded.py": "gzip files",
    "isal/isa-l": "a second copy of its licence",
    "dateutil/zoneinfo/*.tar.gz": "named time zones: AWS sends UTC",
    "aws_lambda_powertools/event_handler": "for HTTP APIs",
    **{f"aws_lambda_powertools/utilities/{name}": "we never import it" for name in POWERTOOLS_UTILITIES},
    "botocore/data/*/*/examples-1.json": "documentation",
    "botocore/data/*/*/paginators-1*": "we list nothing",
    "botocore/data/*/*/waiters-2.json": "we use no waiters",
    "*.dist-info": "for installers; licences are copied elsewhere",
}
# Packages import these modules, but we call nothing in them. Each is replaced by this source.
REPLACED: Final = {
    "urllib3/http2/__init__.py": "",  # HTTP/2 is opt-in; this imports importlib.metadata: 5 ms and 0.7 MB
    "botocore/docs/__init__.py": "",  # generates botocore's documentation
    # The same; this imports html.parser with its table of HTML entities.
    "botocore/docs/docstring.py": "ClientMethodDocstring = PaginatorDocstring = WaiterDocstring = lambda **_: None\n",
    "aws_lambda_powertools/utilities/jmespath_utils/__init__.py": "",  # this imports typing_extensions: 0.4 MB
}


def keep_licences(packages: Path, licences: Path) -> None:
    """Copy each package's licence to a folder, for those who redistribute the layer."""
    names = ("LICENSE*", "LICENCE*", "COPYING*", "NOTICE*")
    for metadata in sorted(packages.glob("*.dist-info")):
        for file in sorted({file for name in names for file in metadata.rglob(name) if file.is_file()}):
            target = licences / metadata.name.removesuffix(".dist-info") / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


def remove_unused(packages: Path) -> None:
    """Remove everything that matches a pattern of `UNUSED`."""
    for pattern in UNUSED:
        for found in sorted(packages.glob(pattern)):
            shutil.rmtree(found) if found.is_dir() else found.unlink()


def replace_modules(packages: Path) -> None:
    """Replace the modules of `REPLACED`. Raises `FileNotFoundError` if a package no longer has one."""
    for name, source in REPLACED.items():
        with (packages / name).open("r+") as module:
            module.truncate()
            module.write(source)


def remove_sources(packages: Path) -> None:
    """Delete each source that has bytecode: it saves a megabyte, and Python looks for fewer files."""
    for source in packages.rglob("*.py"):
        if source.with_suffix(".pyc").exists():
            source.unlink()
