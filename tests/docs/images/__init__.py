"""What docs/images.md promises, row by row: each module has the rows of one kind of picture."""
