"""What tells one architecture of Hugging Face from another: the names of its weights and settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ...core.nn.convert import Table
from ..model import PoolerKind

Kind = Literal["bert", "roberta", "distilbert"]
Head = Literal["classifier", "masked"]


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """One architecture; the tables go from our names to theirs.

    `encoder` holds the weights of embedding, encoder and pooler, `heads` those of each head, and `classes`
    names the class of transformers for each. `settings` are the names in `config.json`; what it leaves out
    has no setting there (DistilBERT's segments). `defaults` are those of `config.json`. `tied` names the
    copy of the word table that older files hold, and `ignored` begins the names of weights that no model of
    ours has. `first_position` says whether positions begin after `pad_token_id`.
    """

    kind: Kind
    encoder: Table
    heads: dict[Head, Table]
    classes: dict[Head, str]
    settings: dict[str, str]
    defaults: dict[str, object]
    activations: tuple[str, ...]
    pooler: PoolerKind
    tied: str
    ignored: tuple[str, ...] = ()
    refused: dict[str, tuple[object, ...]] = field(default_factory=dict)
    first_position: bool = False

    @property
    def prefix(self) -> str:
        """What begins the names of the encoder's weights where there is a head."""
        return f"{self.kind}."


def both(ours: str, *theirs: str) -> dict[str, tuple[str, ...]]:
    """Return the weight and the bias of one layer.

    >>> both("head", "classifier")
    {'head.weight': ('classifier.weight',), 'head.bias': ('classifier.bias',)}
    """
    return {f"{ours}.{part}": tuple(f"{name}.{part}" for name in theirs) for part in ("weight", "bias")}
