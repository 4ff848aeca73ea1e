"""The peers start from the same weights, and their absence is said."""

import numpy as np
import pytest
import torch

from fourfold.core.batch import Batch
from fourfold.core.benchmark import Split
from fourfold.core.errors import ConfigError
from fourfold.nlp.benchmark import generate_reviews
from fourfold.nlp.data import TextFeatures, TextFeaturesConfig
from fourfold.nlp.peers import prediction, pretraining
from fourfold.nlp.peers import setting as peers


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


def test_ours_and_theirs_guess_the_same_words(setting):
    theirs = pretraining.their_model(setting).eval()
    ours = peers.as_our_masked(theirs).eval()
    batch = setting.source(setting.split.test).batch(np.arange(16))
    places = torch.tensor([1, 5, 17])
    with torch.no_grad():
        want = theirs(batch["ids"], attention_mask=batch.tensors.get("keep")).logits.flatten(0, 1)[places]
        found = ours(Batch(batch.tensors | {"masked": places}))
    torch.testing.assert_close(found, want, atol=1e-5, rtol=0)


def test_predictors_answer_all_rows(setting):
    blocks = {one.name: one.run(0) for one in prediction.predictors(setting)}
    assert list(blocks) == ["ours", "ours with the linear model", "HF pipeline"]
    assert all(block.rows == 16 and block.seconds > 0 for block in blocks.values())
