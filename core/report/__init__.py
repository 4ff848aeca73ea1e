"""From an evaluation (plain data) to a sentence, JSON and one offline HTML page."""

from .evaluation import Comparison, Confusion, Evaluation, Picture, Table, plain_json
from .listing import listing
from .mistake import Change, Difference, Mark, Media, Mistake
from .text import visible
from .verdict import shown, verdict

__all__ = [
    "Change",
    "Comparison",
    "Confusion",
    "Difference",
    "Evaluation",
    "Mark",
    "Media",
    "Mistake",
    "Picture",
    "Table",
    "listing",
    "plain_json",
    "shown",
    "verdict",
    "visible",
]
