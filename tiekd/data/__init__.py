"""Data sets, crops and joint transforms."""
