"""Settings are checked once, with messages that name the fix."""

import pytest

from fourfold.core.config import from_dict, to_dict
from fourfold.core.errors import ConfigError
from fourfold.core.nn import MultiHeadAttention, Pooling, Rotary, SinusoidalPositions, TransformerConfig


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 130}, "width (130) must be divisible by num_heads (4)"),
        ({"width": 0}, "width (0) must be 1 or more"),
        ({"num_layers": 0}, "num_layers (0) must be 1 or more"),
        ({"num_heads": -1}, "num_heads (-1) must be 1 or more"),
        ({"hidden": -1}, "hidden (-1) must be 0 (chosen from width) or more"),
        ({"norm_eps": 0.0}, "norm_eps (0.0) must be above 0"),
        ({"dropout": 1.5}, "dropout (1.5) must lie in [0, 1)"),
        ({"attention_dropout": -0.1}, "attention_dropout (-0.1) must lie in [0, 1)"),
        ({"drop_path": 1.0}, "drop_path (1.0) must lie in [0, 1)"),
        ({"activation": "gellu"}, "unknown activation 'gellu'; did you mean 'gelu'?"),
        ({"norm": "batch"}, "unknown norm 'batch'; there is: layer, rms"),
        ({"width": 12, "rotary": True}, "rotary needs an even width / num_heads; 12 / 4 is odd"),
    ],
)
def test_errors(settings, message):
    with pytest.raises(ConfigError) as caught:
        TransformerConfig(**settings)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MultiHeadAttention(10, 4), "width (10) must be divisible by num_heads (4)"),
        (lambda: Pooling("median", 4), "unknown pooling 'median'; did you mean 'mean'?"),
        (lambda: Rotary(3), "head width (3) must be even for rotary positions"),
        (lambda: SinusoidalPositions(3), "width (3) must be even for sinusoidal positions"),
    ],
)
def test_errors_of_layers(make, message):
    with pytest.raises(ConfigError) as caught:
        make()
    assert str(caught.value) == message


def test_round_trip():
    config = TransformerConfig(width=64, activation="swiglu", norm="rms", rotary=True)
    assert from_dict(TransformerConfig, to_dict(config)) == config


@pytest.mark.parametrize(
    ("settings", "hidden"),
    [
        ({"width": 64}, 256),
        ({"width": 64, "hidden": 100}, 100),
        ({"width": 96, "activation": "swiglu"}, 256),
        ({"width": 128, "activation": "swiglu"}, 344),
    ],
)
def test_hidden_width(settings, hidden):
    assert TransformerConfig(**settings).hidden_width == hidden
