"""Where torchaudio's data sets lie; their recordings are read as any others, without its decoders."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from ...core.cache import Cache
from ...core.errors import NotFetched

FOLDERS = {
    "LIBRISPEECH": "LibriSpeech/{split}",
    "LJSPEECH": "LJSpeech-1.1",
    "SPEECHCOMMANDS": "SpeechCommands/speech_commands_v0.02",
    "YESNO": "waves_yesno",
}
"""The data sets of transcribed speech that are read, and their folders below the root."""


def download(name: str, split: str, cache: Cache) -> Path:
    """Return the folder of a data set in the cache; it is downloaded, and unpacked as a whole, where it is not there
    yet.

    Raises DataError where it cannot be had.
    """
    place = FOLDERS[name].format(split=split)
    folder = cache.kept("torchaudio") / place
    if folder.is_dir():
        return folder
    from torchaudio import datasets

    given = {"url": split} if name == "LIBRISPEECH" else {}
    with closing(cache.scratch()) as scratch:
        try:
            getattr(datasets, name)(str(scratch.folder), download=True, **given)
            folder.parent.mkdir(parents=True, exist_ok=True)
            (scratch.folder / place).rename(folder)
        except Exception as error:  # of the network, the archive, the disk
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise NotFetched(f"torchaudio:{name}: cannot be had ({reason}); check the split and the network") from None
    return folder
