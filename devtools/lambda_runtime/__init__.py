"""The real Lambda runtime on this machine: AWS's own emulator and interface client around a built artifact."""
