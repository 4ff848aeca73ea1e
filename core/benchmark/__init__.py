"""Benchmarks over all domains: what a case is, how runs are made and measured, and what they come to."""

from .case import Case, Peer, Split, data_root, fold, hashed
from .manifest import manifest
from .results import Results, read_results
from .row import Result
from .speed import Block, Contender, speed_rows, take_turns

__all__ = [
    "Block",
    "Case",
    "Contender",
    "Peer",
    "Result",
    "Results",
    "Split",
    "data_root",
    "fold",
    "hashed",
    "manifest",
    "read_results",
    "speed_rows",
    "take_turns",
]
