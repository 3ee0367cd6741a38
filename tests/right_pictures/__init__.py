"""Every kind of image that people upload comes out as it looks, from its file to its renditions."""
