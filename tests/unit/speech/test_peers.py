"""The peers do the same work as ours, and what they lack is said."""

from typing import Any

import numpy as np
import pytest
import torch

from fourfold.core.benchmark import Split
from fourfold.core.errors import ConfigError
from fourfold.speech.data import read
from fourfold.speech.peers import training


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
    setting = training.training_of(split, 1, 1)
    threads = torch.get_num_threads()
    blocks = {one.name: one.run(0) for one in training.trainers(setting)}
    torch.set_num_threads(threads)
    assert list(blocks) == ["ours", "SpeechBrain"] and setting.passes == 2
    for block in blocks.values():
        assert block.rows == round(setting.seconds) and block.seconds > 0 and 0 <= block.more["padding"] < 0.3
        assert block.quality is not None and block.quality >= 0
    facts = training.training_facts(setting, 1.0)
    assert abs(facts["speechbrain_parameters"] / facts["parameters"] - 1) < 0.01
