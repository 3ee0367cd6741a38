"""Every kind of image that people upload looks right in its renditions."""
