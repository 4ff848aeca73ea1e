"""Benchmark cases over all domains: what a case and a result are, and how runs are made."""

from .case import Case, Peer, Result, Split, data_root, fold
from .manifest import manifest
from .runner import Job, choose_cases, jobs, peers_of, run_all, write_results
from .speed import Block, Contender, speed_rows, take_turns
from .table import results_table

__all__ = [
    "Block",
    "Case",
    "Contender",
    "Job",
    "Peer",
    "Result",
    "Split",
    "choose_cases",
    "data_root",
    "fold",
    "jobs",
    "manifest",
    "peers_of",
    "results_table",
    "run_all",
    "speed_rows",
    "take_turns",
    "write_results",
]
