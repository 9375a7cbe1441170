"""Bytes and pixels: PNG files, 16-bit depth, photos, NumPy files, and resizing. Imports no torch."""
