"""Where torchaudio's data sets lie; their recordings are read as any others, without its decoders."""

from __future__ import annotations

from pathlib import Path

from ...core.errors import NotFetched

FOLDERS = {
    "LIBRISPEECH": "LibriSpeech/{split}",
    "LJSPEECH": "LJSpeech-1.1",
    "SPEECHCOMMANDS": "SpeechCommands/speech_commands_v0.02",
    "YESNO": "waves_yesno",
}
"""The data sets of transcribed speech that are read, and their folders below the root."""


def download(name: str, split: str, root: Path) -> Path:
    """Return the folder of a data set below `root`; it is downloaded and unpacked where it is not there yet.

    Raises DataError where it cannot be had.
    """
    folder = root / FOLDERS[name].format(split=split)
    if folder.is_dir():
        return folder
    from torchaudio import datasets

    root.mkdir(parents=True, exist_ok=True)
    given = {"url": split} if name == "LIBRISPEECH" else {}
    try:
        getattr(datasets, name)(str(root), download=True, **given)
    except Exception as error:  # of the network, the archive, the disk
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise NotFetched(f"torchaudio:{name}: cannot be had ({reason}); check the split and the network") from None
    return folder
