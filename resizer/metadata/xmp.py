"""The two texts of XMP, which is XML from strangers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resizer.metadata.rights import BETWEEN, Rights, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST: Final = 262_144  # bytes that are looked at; what editors add, such as a picture's ancestors, comes behind
DEEPEST: Final = 64  # elements of XMP within each other; honest ones have about ten

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns# "
DUBLIN_CORE: Final = "http://purl.org/dc/elements/1.1/ "
CREATOR, RIGHTS = f"{DUBLIN_CORE}creator", f"{DUBLIN_CORE}rights"
# Where properties of the picture itself stand; those of what it was made from stand deeper.
PICTURE: Final = [f"{RDF}RDF", f"{RDF}Description"]
ITEM: Final = f"{RDF}li"
LANGUAGE: Final = "http://www.w3.org/XML/1998/namespace lang"
TEXTS: Final = frozenset({ITEM, CREATOR, RIGHTS})  # what may hold one
DEFAULT: Final = "x-default"


def rights_in_xmp(packet: bytes, warn: Callable[[str], None]) -> Rights:
    """`dc:creator` and `dc:rights` of XMP in UTF-8 (ISO 16684-1), several creators with semicolons between them.

    Of rights in several languages the default is taken. A packet that is no XML, has a document type or lies too deep
    is ignored, and `warn` told; of a very long one only the beginning is read. Nothing is raised.
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
        parser.Parse(packet[:LONGEST].rstrip(b"\0"), len(packet) <= LONGEST)
    except (expat.ExpatError, ValueError) as problem:
        warn(f"The XMP cannot be read, and is ignored: {problem}.")
        return Rights()
    return Rights(BETWEEN.join(text for _, text in reader.found[CREATOR]), _default(reader.found[RIGHTS]))


def _refuse_document_type(*_: object) -> None:
    raise ValueError("it has a document type, which could declare entities")


def _default(texts: list[tuple[str, str]]) -> str:
    return next((text for language, text in texts if language == DEFAULT), texts[0][1] if texts else "")


class _Reader:
    """Collects the texts of the two properties, in each of the forms in which RDF allows them to be written."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.found: dict[str, list[tuple[str, str]]] = {CREATOR: [], RIGHTS: []}  # texts with their languages
        self.language = ""
        self.pieces: list[str] | None = None  # of the text that is being read

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.path.append(name)
        if len(self.path) > DEEPEST:
            raise ValueError("its elements lie too deep")
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
        """Which of the two the innermost element's text belongs to, in a list or without one; empty for neither."""
        *above, name = self.path
        if name == ITEM and len(above) > 2:
            *above, name, _ = above
        return name if name in self.found and above[-2:] == PICTURE else ""
