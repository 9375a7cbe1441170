"""Galleries: results of many methods on the same frames, in metres or as pictures. Imports no torch."""

from tiekd.gallery.declared import Declared, parse_all
from tiekd.gallery.model import Gallery, Listing
from tiekd.gallery.results import ResultsOptions, open_results
from tiekd.gallery.shipped import open_gallery, shipped_galleries
from tiekd.gallery.stored import Method

__all__ = [
    "Declared",
    "Gallery",
    "Listing",
    "Method",
    "ResultsOptions",
    "open_gallery",
    "open_results",
    "parse_all",
    "shipped_galleries",
]
