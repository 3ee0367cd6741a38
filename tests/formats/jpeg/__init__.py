"""JPEGs: their tables, their segments, and the library that writes them."""
