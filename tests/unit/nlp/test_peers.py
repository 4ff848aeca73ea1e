"""The peers start from the same weights, and their absence is said."""

import numpy as np
import pytest
import torch

from fourfold.core.batch import Draw
from fourfold.core.benchmark import Split
from fourfold.core.errors import ConfigError
from fourfold.nlp.benchmark import generate_reviews
from fourfold.nlp.data import MASK, SPECIAL, TextFeatures, TextFeaturesConfig
from fourfold.nlp.peers import setting as peers
from fourfold.nlp.peers.pretraining import MaskedSource


@pytest.fixture(name="setting", scope="module")
def reviews() -> peers.Setting:
    split = Split(generate_reviews(64, 0), generate_reviews(16, 1))
    features = TextFeatures.fit(split.train, TextFeaturesConfig(vocab_size=8000, max_length=128, token_dropout=0.0))
    return peers.Setting(split=split, full=split.train, features=features, threads=1)


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setattr(peers, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"^the peers need accelerate; pip install 'fourfold\[peers\]'$"):
        peers.load_setting("reviews", 2, 1)


def test_ours_and_theirs_give_the_same_logits(setting):
    ours, theirs = setting.our_model().eval(), setting.their_model().eval()
    batch = setting.source(setting.split.test).batch(np.arange(16))
    with torch.no_grad():
        want = theirs(batch["ids"], attention_mask=batch.tensors.get("keep")).logits
        torch.testing.assert_close(ours(batch), want, atol=1e-5, rtol=0)


def test_the_masked_rows_hide_what_is_to_be_guessed(setting):
    source = MaskedSource(setting.features.source(setting.split.train), setting.features.vocab_size)
    rows = np.arange(64)
    plain, batch = source.source.batch(rows)["ids"], source.batch(rows, Draw(0, 0))
    masked = batch["masked"]
    assert torch.equal(plain.flatten()[masked], batch["target"])
    assert not set(batch["target"].tolist()) & {SPECIAL.index("[CLS]"), SPECIAL.index("[SEP]"), SPECIAL.index("[PAD]")}
    changed = batch["ids"] != plain
    assert set(changed.flatten().nonzero().flatten().tolist()) <= set(masked.tolist())
    hidden = (batch["ids"].flatten()[masked] == SPECIAL.index(MASK)).float().mean().item()
    assert 0.6 < hidden < 0.95
