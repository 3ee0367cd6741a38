"""`python -m tests.fuzz CORPUS [libFuzzer's options]`: search for findings, from the small files and the seeds on."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["resizer", "PIL"]):
    from tests.support.fuzz_target import read

from tests.support.small_files import small_files

SEEDS = Path(__file__).parent / "seeds"


def one_input(data: bytes) -> None:
    """What atheris calls; whatever it raises is a finding."""
    read(data)


def main() -> None:
    """Fill the corpus and search until told to stop."""
    warnings.simplefilter("ignore")  # of odd metadata, once for each input
    corpus = Path(sys.argv[1])
    corpus.mkdir(parents=True, exist_ok=True)
    for name, data in small_files().items():
        (corpus / name).write_bytes(data)
    atheris.Setup([sys.argv[0], str(corpus), str(SEEDS), *sys.argv[2:]], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
