"""Which columns hold the texts and the labels, where nobody named them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...core.errors import WrongColumns
from ...core.tables import Table
from .pairs import split_names

if TYPE_CHECKING:
    import pandas as pd

INPUTS = (
    "sentence", "review", "content", "document", "body", "comment", "message", "question", "headline", "title",
    "description", "texts", "tweet", "post", "news", "article", "utterance", "query", "summary", "sms",
)  # fmt: skip
LABELS = (
    "labels", "target", "class", "category", "intent", "sentiment", "stars", "score", "y", "rating", "topic", "tag",
    "tags", "genre", "emotion", "polarity", "label_text",
)  # fmt: skip


def find_columns(table: Table, input: str | None, label: str | None, *, labelled: bool) -> dict[str, str]:
    """Return the columns to read, by their roles: `input`, and `label` where one is plain.

    A name that is given stands; two with a comma between are a pair. Without one the defaults `text` and `label` are
    taken, then the one column that bears a usual name, then what two columns make plain; labels are looked for where
    `labelled`, and left out where their name is given as "". DataError where it is not plain which column holds the
    texts.

    >>> import pandas as pd
    >>> from fourfold.core.tables import read_table
    >>> table = read_table(pd.DataFrame({"id": [1, 2], "Review": ["good film", "bad"], "stars": [5, 1]}))
    >>> find_columns(table, None, None, labelled=True)
    {'input': 'Review', 'label': 'stars'}
    """
    names, wanted = [str(name) for name in table.frame.columns], label != ""
    asked = split_names(input, names) if input else []
    label = label or (_usual([name for name in names if name not in asked], "label", LABELS) if labelled else None)
    others = [name for name in names if name != label]
    text = input or _alone(table, _usual(others, "text", INPUTS), others) or _by_content(table, others)
    if text is None:
        raise WrongColumns(f"{table.name}: no column 'text'{_choice(others, names)}; name the one to read with --input")
    rest = [name for name in names if name not in (asked or [text])]
    if labelled and label is None and len(rest) == 1 and _few_values(table.frame[rest[0]]):
        label = rest[0]
    return {"input": text} | ({"label": label} if label and wanted else {})


def notes_on(table: Table, found: dict[str, str], input: str | None, label: str | None) -> tuple[str, ...]:
    """Say which columns were taken though nobody named them, the defaults aside."""
    asked = {"input": input or "text", "label": label or "label"}
    what = {"input": "texts", "label": "labels"}
    taken = [(what[role], name) for role, name in found.items() if name != asked[role]]
    return tuple(f"{table.name}: column '{name}' is taken for the {role}" for role, name in taken)


def _usual(names: list[str], default: str, candidates: tuple[str, ...]) -> str | None:
    """Return the default, or the only one of the usual names."""
    if default in names:
        return default
    found = [name for name in names if name.lower() in (default, *candidates)]
    return found[0] if len(found) == 1 else None


def _alone(table: Table, name: str | None, names: list[str]) -> str | None:
    """Return a usual name, unless another column reads like texts too: then nobody can tell."""
    rivals = [other for other in names if other not in (name, "text") and _texty(table.frame[other])]
    return name if name == "text" or not rivals else None


def _by_content(table: Table, names: list[str]) -> str | None:
    """Return the only column of at most two that reads like texts."""
    if len(names) > 2 or any(name.lower() in INPUTS for name in names):
        return None
    found = [name for name in names if _texty(table.frame[name])]
    return found[0] if len(found) == 1 else None


def _texty(column: pd.Series) -> bool:
    """Say whether most values differ and are longer than a name."""
    values = column.head(1000).dropna().astype(str)
    return values.nunique() > len(values) / 2 and bool(values.str.len().mean() >= 10)


def _few_values(column: pd.Series) -> bool:
    """Say whether the values repeat, as those of classes do."""
    values = column.head(1000).dropna().astype(str)
    return 1 < values.nunique() <= max(2, len(values) / 2) and bool(values.str.len().mean() <= 40)


def _choice(others: list[str], names: list[str]) -> str:
    usual = [name for name in others if name.lower() in INPUTS]
    return f", and several may be meant ({', '.join(usual)})" if len(usual) > 1 else f"; there is: {', '.join(names)}"
