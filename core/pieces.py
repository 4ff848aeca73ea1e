"""Pieces of words by the trainers of `tokenizers`: byte-pair encoding and unigram language models.

The same texts give the same pieces with the same ids, and never more than were asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from tokenizers import Tokenizer, models, trainers

_UNKNOWN_SCORE = -10.0


def train_bpe(
    tokenizer: Tokenizer, texts: Iterable[str], size: int, letters: Sequence[str], *, least: int, special: Sequence[str]
) -> None:
    """Teach a tokenizer byte-pair encoding (Sennrich et al., "Neural machine translation of rare words with subword
    units", 2016): the `special` tokens, then `letters`, then merges that are seen `least` times, `size` in all.

    >>> tokenizer = Tokenizer(models.BPE())
    >>> train_bpe(tokenizer, ["abab", "ab"], 4, ["a", "b"], least=2, special=[])
    >>> tokenizer.encode("abab").tokens
    ['ab', 'ab']
    """
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=least, special_tokens=list(special), initial_alphabet=list(letters),
        show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(texts, trainer)


def train_unigram(
    tokenizer: Tokenizer,
    texts: Iterable[str],
    size: int,
    letters: Sequence[str],
    *,
    special: Sequence[str] = (),
    unknown: str | None = None,
) -> None:
    """Teach a tokenizer a unigram language model of pieces (Kudo, "Subword regularization", 2018).

    The trainer may learn a few pieces more or fewer than it is asked for: of more, the least likely ones of several
    letters go.

    >>> tokenizer = Tokenizer(models.Unigram())
    >>> train_unigram(tokenizer, ["low", "lower", "slow", "slower"] * 9, 9, sorted("elorsw"))
    >>> tokenizer.encode("slower").tokens, tokenizer.get_vocab_size()
    (['slow', 'e', 'r'], 8)
    """
    # The trainer takes pieces away until so many are left, for ever where the letters and its own unknown are more.
    enough = max(size, len(special) + len(letters) + 1)
    trainer = trainers.UnigramTrainer(
        vocab_size=enough, special_tokens=list(special), initial_alphabet=list(letters), unk_token=unknown,
        show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(texts, trainer)
    learned = json.loads(tokenizer.to_str())["model"]["vocab"][len(special) :]
    # Scores are sums in an order of the trainer's own: from the third digit on they are noise, and so is their order.
    # Without any text they are no numbers.
    pieces = [(piece, _UNKNOWN_SCORE if score is None else round(score, 2)) for piece, score in learned]
    longer = sorted((-score, piece) for piece, score in pieces if len(piece) > 1)
    surplus = len(special) + len(pieces) - size
    out = {piece for _, piece in longer[len(longer) - surplus :]} if surplus > 0 else set()
    found = sorted(pair for pair in pieces if pair[0] not in out)
    kept = [(name, 0.0) for name in special] + found
    tokenizer.model = models.Unigram(kept, None if unknown is None else list(special).index(unknown), False)
