"""Whisper's times: tokens for every 20 ms of a window, written before and after each segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .rules import Rules


def keep_times(logits_BV: Tensor, said: Sequence[Sequence[int]], rules: Rules, *, begin: bool) -> None:
    """Forbid, in place, what would break the order of times, given what was `said` of each row before, nothing at the
    `begin`.

    They come in pairs except at the end and never go back; the first token is one; and where all times together are
    more probable than the most probable of the other tokens, one of them is taken (Radford et al., 2022, appendix).
    """
    first, quiet = rules.first_timestamp, rules.no_timestamps
    assert first is not None and quiet is not None
    logits_BV[:, quiet] = -torch.inf
    for row, ids in zip(logits_BV, said, strict=True):
        _keep_order(row, ids, rules, first)
    if begin:
        logits_BV[:, :first] = -torch.inf
        if rules.most_initial is not None:
            logits_BV[:, first + rules.most_initial + 1 :] = -torch.inf
    times_B = logits_BV[:, first:].logsumexp(-1)
    more_B = times_B > logits_BV[:, :first].max(-1).values
    logits_BV[:, :first].masked_fill_(more_B[:, None], -torch.inf)


def _keep_order(row_V: Tensor, ids: Sequence[int], rules: Rules, first: int) -> None:
    last = bool(ids) and ids[-1] >= first
    before = len(ids) < 2 or ids[-2] >= first
    if last and before:
        row_V[first:] = -torch.inf
    elif last:
        row_V[: rules.end] = -torch.inf
    times = [number for number in ids if number >= first]
    if times:  # a segment has a length: only the time that begins the next one may be the same again
        row_V[first : times[-1] + (0 if last and not before else 1)] = -torch.inf


@dataclass(frozen=True)
class Cut:
    """What a window gives to a long recording: tokens to keep, and the frames until the next window begins."""

    ids: list[int]
    frames: int


def cut(ids: Sequence[int], frames: int, first: int, frames_a_step: int = 2) -> Cut:
    """Return what to keep of a window of `frames`, given its tokens, as transformers' sequential long form does.

    After two times in a row the next window begins at the second of the last such pair, and what comes after it is
    heard again; a single time at the end says that nothing follows.

    >>> cut([100, 7, 8, 150, 150, 9], frames=3000, first=100)
    Cut(ids=[100, 7, 8, 150, 150], frames=100)
    """
    times = [number >= first for number in ids]
    ends = [place + 1 for place in range(len(ids) - 1) if times[place] and times[place + 1]]
    if not ends or times[-2:] == [False, True]:
        return Cut(list(ids), frames)
    return Cut(list(ids[: ends[-1] + 1]), (ids[ends[-1] - 1] - first) * frames_a_step)
