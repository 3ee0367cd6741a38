"""The promises that this project keeps."""
