"""Data sets: files and lists of frames, crops, transforms, training samples, checks."""
