"""Reads artist and copyright from XMP, which is untrusted XML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resizer.metadata.rights import BETWEEN, Rights, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BYTES: Final = 262_144  # only these are read; editors append their long lists at the end
MAX_DEPTH: Final = 64  # of nested elements; real XMP has about ten

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns# "
DUBLIN_CORE: Final = "http://purl.org/dc/elements/1.1/ "
CREATOR, RIGHTS = f"{DUBLIN_CORE}creator", f"{DUBLIN_CORE}rights"
# The path of the picture's own properties; those of the files that it was made from are nested deeper.
PICTURE: Final = [f"{RDF}RDF", f"{RDF}Description"]
ITEM: Final = f"{RDF}li"
LANGUAGE: Final = "http://www.w3.org/XML/1998/namespace lang"
TEXTS: Final = frozenset({ITEM, CREATOR, RIGHTS})  # elements with text
DEFAULT: Final = "x-default"


def rights_in_xmp(packet: bytes, warn: Callable[[str], None]) -> Rights:
    """`dc:creator` and `dc:rights` of XMP in UTF-8 (ISO 16684-1), several creators separated by semicolons.

    If the rights have several languages, the default is used. A packet that is invalid, has a document type or is
    nested too deeply is ignored, and `warn` is called. Only the first `MAX_BYTES` are read. Nothing is raised.
    """
    if b"creator" not in packet and b"rights" not in packet:
        return Rights()
    from xml.parsers import expat  # noqa: PLC0415 # 0.7 ms, and few photos need it

    reader = _Reader()
    parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    try:
        parser.Parse(packet[:MAX_BYTES].rstrip(b"\0"), len(packet) <= MAX_BYTES)
    except (expat.ExpatError, ValueError) as problem:
        warn(f"The XMP cannot be read, and is ignored: {problem}.")
        return Rights()
    return Rights(BETWEEN.join(text for _, text in reader.found[CREATOR]), _default(reader.found[RIGHTS]))


def _refuse_document_type(*_: object) -> None:
    raise ValueError("it has a document type, which could declare entities")


def _default(texts: list[tuple[str, str]]) -> str:
    return next((text for language, text in texts if language == DEFAULT), texts[0][1] if texts else "")


class _Reader:
    """Collects the texts of the two properties, in every form that RDF allows."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.found: dict[str, list[tuple[str, str]]] = {CREATOR: [], RIGHTS: []}  # texts with their languages
        self.language = ""
        self.pieces: list[str] | None = None  # of the text that is being read

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name)
        if len(self.path) > MAX_DEPTH:
            raise ValueError("its elements are nested too deeply")
        self.pieces = None
        if name in TEXTS and self._property():
            self.language, self.pieces = attributes.get(LANGUAGE, ""), []
        elif name == PICTURE[-1] and self.path[-2:] == PICTURE:
            for short in self.found.keys() & attributes.keys():
                self.found[short].append(("", one_line(attributes[short])))

    def end(self, _: str) -> None:
        if self.pieces is not None and (text := one_line("".join(self.pieces))):
            self.found[self._property()].append((self.language, text))
        self.path.pop()
        self.pieces = None

    def characters(self, text: str) -> None:
        if self.pieces is not None:
            self.pieces.append(text)

    def _property(self) -> str:
        """The property that the innermost element's text belongs to, in a list or not; empty for neither."""
        *above, name = self.path
        if name == ITEM and len(above) > 2:
            *above, name, _ = above
        return name if name in self.found and above[-2:] == PICTURE else ""
