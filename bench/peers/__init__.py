"""Resizer compared with other libraries; each contender runs in a process of its own."""
