"""A coverage-guided search for bytes that end in anything but an answer."""
