"""The peers do the same work as ours, and what they lack is said."""

from typing import Any

import numpy as np
import pytest
import torch

from fourfold.core.benchmark import Split
from fourfold.core.errors import ConfigError
from fourfold.speech.config import small
from fourfold.speech.data import read
from fourfold.speech.peers import ctc, training


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"^the peers need speechbrain; pip install 'fourfold\[peers\]'$"):
        training.load_training("numbers", 1, 1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_speechbrain_trains_on_the_same_rows_with_as_many_parameters(say: Any) -> None:
    pytest.importorskip("speechbrain")
    texts = ["abc", "ba", "cab", "bca"] * 3
    examples = read([(say(text, seed), 8000) for seed, text in enumerate(texts)], texts)
    split = Split(examples.take(np.arange(8)), examples.take(np.arange(8, 12)))
    setting = training.training_of(split, 1, 1, small())
    threads = torch.get_num_threads()
    blocks = {one.name: one.run(0) for one in training.trainers(setting)}
    torch.set_num_threads(threads)
    assert list(blocks) == ["ours", "SpeechBrain"] and setting.passes == 2
    for block in blocks.values():
        assert block.rows == round(setting.seconds) and block.seconds > 0 and 0 <= block.more["padding"] < 0.3
        assert block.quality is not None and block.quality >= 0
    facts = training.training_facts(setting, 1.0)
    assert abs(facts["speechbrain_parameters"] / facts["parameters"] - 1) < 0.01


@pytest.mark.filterwarnings("ignore")
def test_the_core_has_the_logits_of_a_ctc_model_of_transformers() -> None:
    theirs = ctc.their_model()
    ours = ctc.CtcModel(theirs).eval()
    random = np.random.default_rng(0)
    waves = [random.standard_normal(size).astype(np.float32) for size in (9000, 6000, 9000)]
    padded = torch.zeros(3, 9000)
    for row, wave in zip(padded, waves, strict=True):
        row[: len(wave)] = torch.from_numpy(wave)
    samples = torch.tensor([9000, 6000, 9000])
    mask = (torch.arange(9000) < samples[:, None]).long()
    with torch.no_grad():
        want, (found, length) = theirs(padded, attention_mask=mask).logits, ours(padded, samples)
        alone, _ = ours(padded[1:2, :6000], samples[1:2])
    for row, steps in enumerate(length.tolist()):
        torch.testing.assert_close(found[row, :steps], want[row, :steps], atol=1e-4, rtol=0)
    torch.testing.assert_close(found[1, : length[1]], alone[0], atol=1e-4, rtol=0)
    texts = ctc.hear(ours, waves)
    sounds = [{"raw": wave, "sampling_rate": 16_000} for wave in waves]
    assert texts == [" ".join(one["text"].split()) for one in ctc.their_pipeline(theirs)(sounds)] and any(texts)
    assert 12.5e6 < sum(p.numel() for p in theirs.parameters()) < 13.5e6
