"""Peers whose case is unknown, or lacks its data, are refused word for word, whatever is installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fourfold.core.errors import NoSuchFile, UnknownName
from fourfold.nlp.peers import setting as texts
from fourfold.recsys.peers.folds import load_folds
from fourfold.speech.peers import training as sounds
from fourfold.vision.peers.setting import load_setting as load_pictures

# what loads a case, the folder of one, and the names of all
PEERS: dict[str, tuple[Callable[..., Any], str, str]] = {
    "sms_spam": (
        texts.load_setting, "nlp/sms_spam",
        "reviews, ag_news, thucnews, imdb, sst2, clinc150, waimai, sms_spam",
    ),
    "cifar10": (load_pictures, "vision/cifar10", "cifar10, hymenoptera"),
    "adult": (load_folds, "recsys/adult", "adult, bank_marketing, criteo_8k"),
    "fsdd": (
        sounds.load_training, "speech/fsdd",
        "numbers, fsdd, fsdd_connected, fsdd_speakers, an4, yesno",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PEERS)
def test_a_case_that_is_unknown_or_lacks_its_data(case: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    load, folder, others = PEERS[case]
    monkeypatch.setenv("FOURFOLD_DATA", str(tmp_path))
    for module in (texts, sounds):
        monkeypatch.setattr(module, "find_spec", lambda _: True)
    with pytest.raises(NoSuchFile) as missing:
        load(case, 2, 1)
    assert str(missing.value) == (
        f"peers: case '{case}': {tmp_path}/{folder} does not exist; FOURFOLD_DATA must name the folder of the data sets"
    )
    with pytest.raises(UnknownName) as unknown:
        load("mine", 2, 1)
    assert str(unknown.value) == f"peers: no case 'mine'; there is: {others}"
