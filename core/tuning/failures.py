"""Which errors a trial may end with while the study goes on: our own, and too little memory."""

from __future__ import annotations

import gc

import torch

from ..errors import FourfoldError


def reason_of(error: Exception) -> str | None:
    """Return why a trial failed, None where the error is none that a study expects.

    >>> reason_of(MemoryError()), reason_of(KeyError("bug"))
    ('out of memory', None)
    """
    if isinstance(error, FourfoldError):
        return str(error)
    # On a processor torch has no class of its own for it.
    short = isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in str(error)
    return "out of memory" if short else None


def free_memory() -> None:
    """Give back what the trial's model held on a GPU; elsewhere that happens by itself."""
    if torch.cuda.is_available():
        gc.collect()
        torch.cuda.empty_cache()
