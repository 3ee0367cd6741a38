"""Who made a picture and who holds its rights, from the blocks beside EXIF where photographers' tools write it.

These come from strangers: their length and depth are bounded, and nothing but the two texts is taken from them.
"""

from resizer.metadata.iptc import rights_in_iptc
from resizer.metadata.rights_model import Rights, one_line
from resizer.metadata.xmp import rights_in_xmp

__all__ = ["Rights", "one_line", "rights_in_iptc", "rights_in_xmp"]
