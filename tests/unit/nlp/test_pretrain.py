"""The settings of pre-training."""

from __future__ import annotations

import pytest

from fourfold.core.training import TrainConfig
from fourfold.nlp.config import PretrainConfig, small


@pytest.mark.parametrize("train", [small().train, TrainConfig(max_steps=3)])
def test_the_bounds_of_the_classifier_do_not_shorten_it(train: TrainConfig) -> None:
    config = PretrainConfig(epochs=20).train_config(train)
    assert (config.epochs, config.max_steps, config.max_tokens) == (20, 0, 0)
