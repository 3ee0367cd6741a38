"""Runs the built artifact in the real Lambda runtime on this machine: AWS's emulator and runtime interface client."""
