"""A coverage-guided search for files that cause an unexpected error."""
