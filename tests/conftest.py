"""Settings for all tests: quiet libraries, and the folder of real data where there is one."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# How long an example takes is the machine's affair.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_collection_finish() -> None:
    """Take what all test modules have imported out of the collector's rounds: a round over it takes half a second."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what tests cache out of the user's own folder."""
    os.environ["FOURFOLD_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets; the test is skipped, and says so, where FOURFOLD_DATA is not set."""
    root = os.environ.get("FOURFOLD_DATA")
    if not root or not Path(root).is_dir():
        pytest.skip("needs real data: set FOURFOLD_DATA to its folder")
    return Path(root)
