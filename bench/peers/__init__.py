"""The contenders: each a process of its own that resizes what it is told to."""
