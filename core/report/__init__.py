"""From an evaluation (plain data) to a sentence, JSON and one offline HTML page."""

from .evaluation import Comparison, Confusion, Evaluation, Mistake, Picture, Table, plain_json
from .listing import listing
from .verdict import shown, verdict

__all__ = [
    "Comparison",
    "Confusion",
    "Evaluation",
    "Mistake",
    "Picture",
    "Table",
    "listing",
    "plain_json",
    "shown",
    "verdict",
]
