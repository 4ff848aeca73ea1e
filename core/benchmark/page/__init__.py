"""One offline HTML page of a benchmark, in the style of the report."""

from .page import render

__all__ = ["render"]
