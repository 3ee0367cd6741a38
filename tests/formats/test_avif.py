"""The memory for an AVIF's samples is known before the decoder allocates it."""

import base64
import sys
import zlib
from pathlib import Path
from typing import Final

import pytest

from bench.memory.comparison import compare
from resizer.errors import Reason, Rejected
from resizer.formats.avif import sample_bytes
from tests.support.headers import header_of
from tests.support.pictures import photo_like, saved

# A 2400 x 1600 AVIF of one colour: 4:4:4 with alpha at 10 bits. Pillow reads such files but cannot write them.
DEEP: Final = zlib.decompress(
    base64.b85decode(
        "c-muNU{FXasVqn=%S>Yc0uY^>nP!-qnV9D5Xz0kmz}S|XT9U{B0g4$ZIYm%5LqTS82?HA7E66O#1+y4|SSK?lKN-YvVPIeaivTgx86ce"
        "k<b!#P>ws7e$ac!i%mX_CEF%Tvq%uLxNh~ukbk5Jo2iuI0VS>mw<`iTkLS%|k(_rpMEUm}^+X=GuaArYK0g#@XS&*C$q(w4|3sNBpITI"
        "Kd*c^Zifr8A6OppjO7Z(?h;z=wsbZ*oENihf~=jRmVCFfKCO=MzVYk+tZqMQ+-m?s7#U;(t+8N?_p%CpKXNKFS5PFBg8$pu!$mBl5gxy"
        "4pMHJLe?iA9xGi7@BOWftVZ!Wrmr7DlFK76v93M%FfVpe<dwDTyUQ3|#EedQ0o&H?A<6z$C!HuqA{!{U758*3N~GPJT2$Kc!o=)%>Q(q"
        "~}ud7Y|L|#+u~1^vzAy#e$|hE#lk%{VPa2`pjs@v5m)Hy8M{A)ssPJ=D*wTH{JAJzUp|Jg>=GN?x3nE@yDYN+*r8#qG6P(mip6W7G8^w"
        "oD!Uxbc28Yr*HFHLwz`xRxD-w|66$ffBvHD7anP>TAlb|b$#Ld2MjtI=FW~Ci&m{|zmxv$V*3vUZZ6*2?;jqj{?!_4*kD!P{EC6;P;=S"
        "uU(GADRwsU!{Kvqw%_(%l@1Fk*j0rF1GX6bQ-@ve8p8KnnJ&c$CF|7#Z3CO!&AFyhfeqGvQ`vVLS0eQDm-QIrx%C#z)A@tYXeg77Q`Xu"
        "mf6@=KGp8yOUE^AQeY;9y@_Am+&7MQWq>i7FS5jPi{Kc#u7g1P?Iwq=5%?q&C0oWH^*DaUT*HSOoGE!Oe8mfuQC=Zi4=e~1Y3i(UGJ#Y"
        "*}p^P6{5BIQ5tYvb~D=n?z&{N*{hCt8;p05c^Dp#"
    )
)


@pytest.mark.parametrize(
    ("mode", "subsampling", "expected"),
    [
        ("L", "4:0:0", 2),
        ("RGB", "4:2:0", 3),
        ("RGB", "4:2:2", 4),
        ("RGB", "4:4:4", 6),
        ("RGBA", "4:2:0", 4),
        ("RGBA", "4:4:4", 7),
        ("RGBA", "4:0:0", 3),  # alpha is coded like luma
    ],
)
def test_samples_are_counted(mode: str, subsampling: str, expected: float) -> None:
    """At 8 bits a sample is a byte; luma and chroma count twice, because film grain needs a copy."""
    picture = photo_like(64, 48).convert(mode)
    if mode == "RGBA":
        picture.putalpha(picture.convert("L"))
    assert sample_bytes(saved(picture, "AVIF", subsampling=subsampling)) == expected


def test_samples_of_more_bits_are_twice_as_large() -> None:
    """Above 8 bits a sample takes two bytes."""
    assert sample_bytes(DEEP) == 14


@pytest.mark.parametrize("start", [b"", DEEP[:40], b"av1C", b"av1C\x81", b"av1C\x01\0\0\0"])
def test_an_unknown_configuration_counts_as_the_largest(start: bytes) -> None:
    """Without a complete av1C of a known version, the largest samples are assumed."""
    assert sample_bytes(start) == 14


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux reports a process's peak memory and can reset it")
def test_the_plan_holds_for_samples_of_more_bits(tmp_path: Path) -> None:
    """The measured peak of a 10-bit AVIF with alpha is within the plan."""
    path = tmp_path / "deep.avif"
    path.write_bytes(DEEP)
    found = compare(path)
    assert found.outcome == "resized"
    assert found.holds, found


@pytest.mark.parametrize("options", [{}, {"save_all": True, "append_images": [photo_like(64, 48, 2)]}])
def test_a_cut_avif_is_truncated(options: dict[str, object]) -> None:
    """A still or animated AVIF is truncated wherever it is cut."""
    data = saved(photo_like(64, 48), "AVIF", speed=10, **options)
    for cut in (1, 50, len(data) // 2, len(data) - 200):
        with pytest.raises(Rejected) as refused:
            header_of(data[:-cut])
        assert refused.value.reason == Reason.TRUNCATED
