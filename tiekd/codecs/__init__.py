"""Bytes and pixels: PNG files, 16-bit depth, photos, and resizing. Imports no torch."""
