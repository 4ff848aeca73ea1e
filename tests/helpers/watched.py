"""Loads saved runs under an audit hook; run as a program: `watched.py DOMAIN RUN WARM WORK`, prints findings as JSON.

First `WARM`, another run of the domain, is loaded and used, which imports all that is needed; then `RUN` is, and
whatever is unpickled, compiled, executed, imported, opened as a library or started by then is a finding.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from domain_data import SAMPLES

FORBIDDEN = (
    "pickle.find_class", "marshal.loads", "compile", "exec", "import", "ctypes.dlopen", "os.system", "os.exec",
    "os.posix_spawn", "os.fork", "subprocess.Popen", "socket.connect", "code.__new__",
)  # fmt: skip


class Watch:
    """Notes forbidden events, and which files below a folder are opened, while it is on."""

    def __init__(self, folder: Path):
        self.folder, self.on = str(folder), False
        self.events: list[str] = []
        self.opened: set[str] = set()
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event == "compile" and sys._getframe(1).f_code.co_filename == ast.__file__:
            return  # parsed, not run: numpy reads the header of an array so
        if event in FORBIDDEN:
            self.events.append(f"{event} {str(arguments)[:200]}")
        if event == "open" and str(arguments[0]).startswith(self.folder):
            self.opened.add(str(Path(str(arguments[0])).relative_to(self.folder)))


def use(domain: str, run: Path, work: Path) -> list[Any]:
    """Load, predict, start from, with its baseline alone too; read checkpoints and caches."""
    from fourfold.core.domains import domain as find_domain
    from fourfold.core.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

    kind = find_domain(domain).load_pipeline()
    sample = SAMPLES[domain]
    inputs = sample.make(5, 1)[0]
    found: list[Any] = []
    for folder in (run, run / "baseline"):
        model = kind.load(folder)
        found.append([repr(answer) for answer in model(inputs)])
        found.append(len(model.other_baselines(model.read(inputs))))
    if domain != "speech":  # which starts from a Whisper alone
        assert kind(init=run).start is not None
    save_checkpoint(work, Checkpoint({"step": 1}, {"model": {"a": torch.ones(2)}}))
    assert load_checkpoint(work)[0] is not None
    if domain == "vision":
        from fourfold.vision.data.decoding import decode_all

        found.append([int(decode_all(list(inputs), 8, 0)[0][:].sum()) for _ in range(2)])
    if domain == "speech":
        from fourfold.speech.audio import AudioConfig
        from fourfold.speech.data import read
        from fourfold.speech.data.mels import make_mels

        clips = read([sounded(work / "0.wav", *inputs[0])]).inputs.clips
        found.append([float(make_mels(clips, AudioConfig(sample_rate=8000), 0.0).frames.sum()) for _ in range(2)])
    return found


def sounded(path: Path, wave: Any, rate: int) -> Path:
    import soundfile

    soundfile.write(path, np.asarray(wave), rate)
    return path


def main() -> None:
    torch.set_num_threads(1)
    domain, run, warm, work = sys.argv[1], *map(Path, sys.argv[2:])
    watch = Watch(run)
    use(domain, warm, work)
    watch.on = True
    found = use(domain, run, work)
    watch.on = False
    strange = [
        name for name, module in sys.modules.items() if str(getattr(module, "__file__", "")).startswith(str(run))
    ]
    print(
        json.dumps({"events": watch.events, "opened": sorted(watch.opened), "strange": strange, "answers": len(found)})
    )


if __name__ == "__main__":
    main()
