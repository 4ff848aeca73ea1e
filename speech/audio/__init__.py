"""Sound files and what is computed of them: the one place that knows soundfile and torchaudio."""

from .files import SOUND_FILES, Wave, decode, resample
from .mel import AudioConfig, log_mel

__all__ = ["SOUND_FILES", "AudioConfig", "Wave", "decode", "log_mel", "resample"]
