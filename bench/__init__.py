"""What resizing costs, measured."""
