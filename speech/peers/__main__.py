"""`python -m fourfold.speech.peers whisper [WHISPER] [--steps CLIPS] [--repeats N] [--threads N]`: one line of JSON."""

from __future__ import annotations

from ...core.benchmark.peers import Work, run_peers
from .whisper import load_setting, writers

WORKS = {"whisper": Work(writers)}

if __name__ == "__main__":
    run_peers("fourfold.speech.peers", WORKS, load_setting, steps=16, case="openai/whisper-tiny.en")
