"""The model: shapes, padding, where its parameters live."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from fourfold.core.batch import Batch
from fourfold.core.config import from_dict, to_dict
from fourfold.core.errors import ConfigError
from fourfold.core.nn import Decoder, Encoder, TransformerConfig
from fourfold.speech.config import PRESETS, SpeechConfig
from fourfold.speech.model import SpeechModel, SpeechModelConfig


def model_of(rotary: bool, subsampling: int = 2) -> SpeechModel:
    torch.manual_seed(0)
    shape = TransformerConfig(width=32, num_layers=2, rotary=rotary)
    config = SpeechModelConfig(encoder=shape, decoder=shape)
    return SpeechModel(config, mels=40, vocab_size=9, subsampling=subsampling).eval()


@pytest.mark.parametrize("subsampling", [2, 4, 8])
@pytest.mark.parametrize("length", [1, 2, 7, 8, 33])
def test_shapes(subsampling: int, length: int) -> None:
    batch = Batch({"frames": torch.randn(2, length, 40), "length": torch.tensor([length, 1])})
    batch.tensors["target"] = torch.tensor([[3, 4, 5], [3, 0, 0]])
    output = model_of(True, subsampling)(batch)
    steps = -(-length // subsampling)
    assert output.ctc.shape == (2, steps, 9)
    assert output.length.tolist() == [steps, 1]
    assert output.decoder is not None and output.decoder.shape == (2, 4, 9)
    del batch.tensors["target"]
    assert model_of(True, subsampling)(batch).decoder is None


@pytest.mark.parametrize("rotary", [False, True])
@pytest.mark.parametrize("subsampling", [2, 4, 8])
def test_padding_changes_no_logit(rotary: bool, subsampling: int) -> None:
    model = model_of(rotary, subsampling)
    frames, lengths = torch.randn(3, 61, 40), torch.tensor([61, 30, 5])
    for row, length in enumerate(lengths.tolist()):
        frames[row, length:] = 0
    target = torch.randint(3, 9, (3, 4))
    with torch.inference_mode():
        together = model(Batch({"frames": frames, "length": lengths, "target": target}))
        for row, length in enumerate(lengths.tolist()):
            one = slice(row, row + 1)
            tensors = {"frames": frames[one, :length], "length": lengths[one], "target": target[one]}
            alone = model(Batch(tensors))
            steps = int(alone.length[0])
            assert together.length[row] == steps
            assert (together.ctc[row, :steps] - alone.ctc[0]).abs().max() <= 1e-5
            assert (together.decoder[row] - alone.decoder[0]).abs().max() <= 1e-5


def test_the_decoder_sees_no_later_character() -> None:
    model = model_of(True)
    tensors = {"frames": torch.randn(1, 20, 40), "length": torch.tensor([20])}
    one = model(Batch(tensors | {"target": torch.tensor([[3, 4, 5]])})).decoder
    other = model(Batch(tensors | {"target": torch.tensor([[3, 4, 8]])})).decoder
    assert torch.allclose(one[:, :3], other[:, :3], atol=1e-6)
    assert not torch.allclose(one[:, 3], other[:, 3], atol=1e-3)


@pytest.mark.parametrize("preset", PRESETS)
def test_most_parameters_live_in_the_core(preset: str) -> None:
    config = PRESETS[preset]()
    model = SpeechModel(config.model, mels=config.features.audio.mels, vocab_size=40, subsampling=2)
    embeddings = sum(p.numel() for m in model.modules() if isinstance(m, nn.Embedding) for p in m.parameters())
    core = sum(p.numel() for m in model.modules() if isinstance(m, Encoder | Decoder) for p in m.parameters())
    assert core / (sum(p.numel() for p in model.parameters()) - embeddings) >= 0.7


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_survive_their_dict(preset: str) -> None:
    config = PRESETS[preset]()
    assert from_dict(SpeechConfig, to_dict(config)) == config


def test_wrong_settings_are_told() -> None:
    wide = TransformerConfig(width=256)
    with pytest.raises(ConfigError) as error:
        SpeechModelConfig(decoder=wide)
    expected = "model.encoder.width (128) and model.decoder.width (256) must be the same"
    assert str(error.value) == expected
    with pytest.raises(ConfigError) as error:
        replace(SpeechModelConfig(), kernel=4)
    assert str(error.value) == "model.kernel (4) must be odd and 3 or more"
    with pytest.raises(ConfigError) as error:
        SpeechConfig(attention=1.0)
    assert str(error.value) == "attention (1.0) must lie in [0, 1): CTC has the rest"
    with pytest.raises(ConfigError) as error:
        SpeechConfig(consistency=-1)
    assert str(error.value) == "consistency (-1) must be 0 (off) or above"
    with pytest.raises(ConfigError) as error:
        SpeechConfig(early=-1)
    assert str(error.value) == "early (-1) must be 0 (off) or above"
    with pytest.raises(ConfigError) as error:
        SpeechConfig(consistency=0.2)
    expected = "consistency compares two views; set features.augment.views to 2 (or consistency to 0)"
    assert str(error.value) == expected
