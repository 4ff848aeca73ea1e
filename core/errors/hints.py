"""What a message proposes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """Return `"; did you mean 'epochs'?"` for the option nearest to `name`, or the list of a few options.

    >>> did_you_mean("epoch", ["epochs", "seed"])
    "; did you mean 'epochs'?"
    """
    options = [str(option) for option in options]
    near = difflib.get_close_matches(name, options, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{near[0]}'?"
    shown = ", ".join(options[:20]) + (", …" if len(options) > 20 else "")
    return f"; there is: {shown}" if options else ""
