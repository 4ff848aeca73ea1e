"""`python -m fourfold.speech.peers WORK [CASE] [--steps N] [--repeats N] [--threads N]`: one line of JSON."""

from __future__ import annotations

from ...core.benchmark.peers import Work, run_peers
from .ctc import hearers, load_clips
from .decoding import decoders, decoding_facts, load_minutes
from .training import load_base, load_training, quarters, trainers, training_facts
from .whisper import load_setting, writers

WORKS = {
    "whisper": Work(writers),
    "decoding": Work(decoders, decoding_facts, load_minutes),
    "ctc": Work(hearers, load=load_clips),
    "training": Work(trainers, training_facts, load_training),
    "training_base": Work(trainers, training_facts, load_base),
    "quarter": Work(quarters, training_facts, load_training),
}

if __name__ == "__main__":
    run_peers("fourfold.speech.peers", WORKS, load_setting, steps=16, case="openai/whisper-tiny.en")
