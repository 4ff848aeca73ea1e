"""docs/scaling.md has the numbers that the arithmetic gives, and the arithmetic those of the models and the trainer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn
from toy import ToySource, toy_task

from fourfold.core.batch import Draw
from fourfold.core.benchmark.scaling import CLICKS, RECOGNISER, TEXT, Work, activation_bytes, memory, tables, traffic
from fourfold.core.nn import TransformerConfig
from fourfold.core.training import TrainConfig
from fourfold.core.training.distributed import Ranks
from fourfold.core.training.step import Stepper
from fourfold.nlp.config import base as text_base
from fourfold.nlp.model import TextModel
from fourfold.speech.config import base as speech_base
from fourfold.speech.model import SpeechModel

PAGE = Path(__file__).parents[4] / "docs" / "scaling.md"


def text_model() -> nn.Module:
    config = text_base().model
    encoder = replace(config.encoder, width=1024, num_layers=24, num_heads=16)
    return TextModel(replace(config, encoder=encoder, max_length=512), 32_000, 2)


def recogniser() -> nn.Module:
    config = speech_base()
    return SpeechModel(config.model, mels=80, vocab_size=1000, subsampling=4, early=config.early > 0, chunk=0)


def test_the_page_has_the_tables() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for table in tables().split("\n\n"):
        assert table in page, table


@pytest.mark.parametrize(("work", "build"), [(TEXT, text_model), (RECOGNISER, recogniser)], ids=["text", "speech"])
def test_the_models_are_of_the_size_that_is_said(work: Work, build: type[nn.Module]) -> None:
    with torch.device("meta"):
        model = build()
    tables = [module for module in model.modules() if isinstance(module, nn.Embedding)]
    assert sum(p.numel() for p in model.parameters()) == work.parameters
    assert sum(table.weight.numel() for table in tables) == work.looked_up


def test_the_trainer_keeps_what_is_counted() -> None:
    task, source = toy_task(), ToySource(16)
    stepper = Stepper(task, TrainConfig(), torch.device("cpu"), torch.float32, Ranks())
    stepper.backward([(source.batch(torch.arange(16).numpy(), Draw(0, 0)), 1.0)])
    stepper.optimizers.step()
    parameters = list(task.model.parameters())
    count = sum(p.numel() for p in parameters)
    found = memory(replace(CLICKS, parameters=count, looked_up=count), 1, "fsdp")  # nothing is sharded over one
    moments = [value for name, value in stepper.optimizers.tensors().items() if not name.endswith("step")]
    assert sum(p.nbytes for p in parameters) == found["weights"]
    assert sum(p.grad.nbytes for p in parameters if p.grad is not None) == found["gradients"]
    assert sum(value.nbytes for value in moments) == found["moments"]


def test_what_a_layer_keeps_grows_by_so_much_with_each_of_its_width() -> None:
    small, middle, large = (activation_bytes(TransformerConfig(width=width, num_heads=4)) for width in (64, 128, 256))
    assert large - middle == 2 * (middle - small)


def test_recomputing_and_sharding_save_what_is_said() -> None:
    kept, cut = (memory(TEXT, 8, "fsdp", checkpoint=checkpoint)["activations"] for checkpoint in (False, True))
    assert f"they are {cut / 1e9:.1f} GB in\nplace of {kept / 1e9:.1f} for the text model" in PAGE.read_text(
        encoding="utf-8"
    )
    assert traffic(TEXT, 8, "fsdp") == 1.5 * traffic(TEXT, 8, "ddp") == 3 * 7 / 8 * 4 * TEXT.parameters
