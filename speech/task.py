"""What the trainer optimises for speech: CTC and attention together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..core.batch import Batch
from ..core.training import Output, Term
from .data import BLANK, EOS, Vocabulary
from .decode import Transcriber
from .model import SpeechModel, SpeechOutput, keep_mask

Terms: TypeAlias = Callable[[SpeechOutput, Batch], dict[str, Term]]


class SpeechTask:
    """Joint CTC and attention (Watanabe et al., 2017): (1 − `attention`) · CTC + `attention` · cross-entropy.

    Where batches hold two views, `consistency` · (1 − `attention`) of how far CTC's answers to them differ comes on
    top (Yao et al., "CR-CTC: Consistency regularization on CTC for improved speech recognition", 2024), and `early` ·
    (1 − `attention`) of the CTC loss of the convolutions.

    Each term is normalised by its number of targets: units, and for the decoder an end sign for each
    utterance. `transcriber` finds the transcripts that `predict` returns: by itself those of CTC's best targets that
    CTC and the decoder together find best, which repairs misspelled words. Of a step that is `compiled` the
    model alone is: torch's compiler cannot follow CTC, what it returns being of a size that hangs on the targets.
    """

    def __init__(
        self,
        model: SpeechModel,
        vocabulary: Vocabulary,
        *,
        attention: float = 0.3,
        consistency: float = 0.0,
        early: float = 0.0,
        label_smoothing: float = 0.1,
        transcriber: Transcriber | None = None,
        compiled: bool = False,
    ) -> None:
        self.model: nn.Module = model
        self.vocabulary = vocabulary
        self.attention, self.consistency, self.early = attention, consistency, early
        self.label_smoothing, self.transcriber = label_smoothing, transcriber or Transcriber(vocabulary)
        self.terms: Terms = self._terms
        if compiled:
            self.terms = torch.compiler.disable(self._terms)  # type: ignore[no-untyped-call]

    def counts(self, batch: Batch) -> dict[str, Tensor]:
        units = batch["target_length"].sum()
        found = {"ctc": units, "attention": units + len(batch)}
        more = {"consistency": self.consistency, "early": self.early}
        return found | {name: units for name, weight in more.items() if weight}

    def loss(self, batch: Batch) -> dict[str, Term]:
        return self.terms(self.model(batch), batch)

    def _terms(self, output: SpeechOutput, batch: Batch) -> dict[str, Term]:
        assert output.decoder is not None, "a batch to learn from has targets"
        target_BS, size_B = batch["target"], batch["target_length"]
        log_probs_BTV = output.ctc.float().log_softmax(-1)
        ctc = aligned(log_probs_BTV, output.length, batch)
        attention = F.cross_entropy(
            output.decoder.float().transpose(1, 2),
            with_end(target_BS, size_B),
            ignore_index=-1,
            reduction="sum",
            label_smoothing=self.label_smoothing,
        )
        found = {"ctc": Term(ctc, 1 - self.attention), "attention": Term(attention, self.attention)}
        if self.consistency:
            weight = self.consistency * (1 - self.attention)
            found["consistency"] = Term(difference(log_probs_BTV.transpose(0, 1), output.length), weight)
        if self.early and output.early is not None:
            early = aligned(output.early.float().log_softmax(-1), output.length, batch)
            found["early"] = Term(early, self.early * (1 - self.attention))
        return found

    @torch.no_grad()
    def predict(self, batch: Batch) -> Output:
        """Return a `Transcript` for each row."""
        return cast(list[str], self.transcriber(cast(SpeechModel, self.model), batch))


def aligned(log_probs_BTV: Tensor, length_B: Tensor, batch: Batch) -> Tensor:
    """Return the CTC loss of a batch; where it holds a flat start, how far the steps are from that.

    That sum is brought to one of the targets: the mean of an utterance's steps times its units.
    """
    size_B = batch["target_length"]
    if "flat" not in batch:
        log_probs_TBV = log_probs_BTV.transpose(0, 1)
        return F.ctc_loss(log_probs_TBV, batch["target"], length_B, size_B, blank=BLANK, reduction="sum")
    losses_BT = F.nll_loss(log_probs_BTV.transpose(1, 2), batch["flat"], ignore_index=-1, reduction="none")
    return (losses_BT.sum(1) * size_B / length_B).sum()


def difference(log_probs_TBV: Tensor, length_B: Tensor) -> Tensor:
    """Return the sum over all steps of KL(second ‖ first) + KL(first ‖ second), in which the left one is held still.

    The second half of the rows is another view of the first.

    >>> float(difference(torch.zeros(3, 2, 4).log_softmax(-1), torch.tensor([3, 2])))
    0.0
    """
    first, second = log_probs_TBV.chunk(2, dim=1)
    keep_TB = keep_mask(length_B[: first.shape[1]], len(first)).T
    both = F.kl_div(first, second.detach(), log_target=True, reduction="none")
    both = both + F.kl_div(second, first.detach(), log_target=True, reduction="none")
    return (both.sum(-1) * keep_TB).sum()


def with_end(target_BS: Tensor, size_B: Tensor) -> Tensor:
    """Return the targets (B, S + 1) of the decoder: the units, the end sign, then −1 (no target).

    >>> with_end(torch.tensor([[5, 6], [7, 0]]), torch.tensor([2, 1])).tolist()
    [[5, 6, 2], [7, 2, -1]]
    """
    longer = torch.cat([target_BS, target_BS.new_zeros(len(target_BS), 1)], dim=1)
    places = torch.arange(longer.shape[1], device=longer.device)[None, :]
    longer = longer.masked_fill(places == size_B[:, None], EOS)
    return longer.masked_fill(~keep_mask(size_B + 1, longer.shape[1]), -1)
