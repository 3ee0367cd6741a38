"""What to measure."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.pictures import Picture

OnProgress = Callable[[str], None]  # is called with what is being measured


@dataclass(frozen=True, slots=True)
class Plan:
    """Each picture at each memory size in MB: one cold start, then `warm` further invocations."""

    pictures: list[Picture]
    sizes: tuple[int, ...]
    warm: int

    @property
    def mix(self) -> dict[str, float]:
        """Each picture's share of all images, by its name."""
        return {picture.name: picture.share for picture in self.pictures}
