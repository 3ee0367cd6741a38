"""`python -m tests.fuzz CORPUS [libFuzzer's options]`: fuzz the resizer, starting with the small files and seeds."""

import sys
import warnings
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["resizer", "PIL"]):
    from tests.support.fuzz_target import read

from tests.support.small_files import small_files

SEEDS = Path(__file__).parent / "seeds"


def one_input(data: bytes) -> None:
    """Called by atheris for each input; any exception is a finding."""
    read(data)


def main() -> None:
    """Fill the corpus, and search until a finding or the end of the time."""
    warnings.simplefilter("ignore")  # about odd metadata, for each input
    corpus = Path(sys.argv[1])
    corpus.mkdir(parents=True, exist_ok=True)
    for name, data in small_files().items():
        (corpus / name).write_bytes(data)
    atheris.Setup([sys.argv[0], str(corpus), str(SEEDS), *sys.argv[2:]], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
