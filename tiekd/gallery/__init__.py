"""Galleries: results of many methods on the same frames, in metres or as pictures. Imports no torch."""

from tiekd.gallery.model import Gallery, Listing, Method
from tiekd.gallery.results import ResultsOptions, open_results
from tiekd.gallery.shipped import open_gallery, shipped_galleries

__all__ = [
    "Gallery",
    "Listing",
    "Method",
    "ResultsOptions",
    "open_gallery",
    "open_results",
    "shipped_galleries",
]
