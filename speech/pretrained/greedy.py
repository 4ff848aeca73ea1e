"""The most probable token, one by one, of many windows at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ...core.nn import DecoderCache
from .model import WhisperModel
from .rules import Rules
from .times import keep_times

# Shapes: B windows, A those that go on, P prompt, S tokens, T encoder steps, D width, V vocabulary.


@dataclass(frozen=True)
class Written:
    """What was written of a window: its tokens without prompt and end, and the logarithm of their joint probability."""

    ids: list[int]
    log_probability: float


@torch.no_grad()
def write(
    model: WhisperModel, memory_BTD: Tensor, prompt_BP: Tensor, rules: Rules, *, timestamps: bool, most: int
) -> list[Written]:
    """Return what the decoder finds most probable token by token, by the rules, `most` tokens with the prompt.

    A cache makes each step cost one token; it reads the memory once. Windows that are done are left out of the steps
    that follow as soon as they are half of them.
    """
    cache = DecoderCache(model.config.decoder.num_layers)
    rows = torch.arange(len(memory_BTD), device=memory_BTD.device)
    never_V, never_first_V = (_bars(model, ids, memory_BTD) for ids in (rules.suppress, rules.begin_suppress))
    said: list[list[int]] = [[] for _ in rows]
    score = [0.0] * len(said)
    going = [True] * len(said)
    new_AS = prompt_BP
    for step in range(most - prompt_BP.shape[1]):
        logits_AV = model.head(model.decode(new_AS, memory_BTD, cache)[:, -1]).float()
        logits_AV += never_V if step else never_V + never_first_V
        if timestamps:
            keep_times(logits_AV, [said[row] for row in rows.tolist()], rules, begin=step == 0)
        best_A = logits_AV.argmax(-1)
        chance_A = logits_AV.gather(1, best_A[:, None])[:, 0] - logits_AV.logsumexp(-1)
        for row, number, chance in zip(rows.tolist(), best_A.tolist(), chance_A.tolist(), strict=True):
            if going[row]:
                score[row] += chance
                going[row] = number != rules.end
                said[row] += [number] * going[row]
        if not any(going):
            break
        new_AS = best_A[:, None]
        here = torch.tensor([going[row] for row in rows.tolist()], device=rows.device)
        if 2 * int(here.sum()) <= len(here):
            places = here.nonzero()[:, 0]
            cache.take(places)
            rows, new_AS, memory_BTD = rows[places], new_AS[places], memory_BTD[places]
    return [Written(ids, chance) for ids, chance in zip(said, score, strict=True)]


@torch.no_grad()
def tell_languages(model: WhisperModel, memory_BTD: Tensor, rules: Rules) -> Tensor:
    """Return the token (B,) of the language that the decoder finds most probable after the start (section 2.3)."""
    start_B1 = torch.full((len(memory_BTD), 1), rules.start, device=memory_BTD.device)
    states_BD = model.decode(start_B1, memory_BTD)[:, -1]
    known = torch.tensor(sorted(set(rules.languages.values())), device=memory_BTD.device)
    return known[model.head(states_BD)[:, known].argmax(-1)]


def _bars(model: WhisperModel, ids: tuple[int, ...], like: Tensor) -> Tensor:
    """Return (V,) what is added to the logits: minus infinity at `ids`."""
    bars_V = torch.zeros(model.config.vocab_size, device=like.device)
    bars_V[list(ids)] = -torch.inf
    return bars_V
