"""Sound files and what is computed of them: the one place that knows soundfile and torchaudio."""

from .activity import ActivityConfig, activity, pieces
from .files import LOUDEST, RATES, SOUND_FILES, Header, Wave, decode, read_header, resample, too_long
from .mel import AudioConfig, log_mel
from .zoo import download

__all__ = [
    "LOUDEST",
    "RATES",
    "SOUND_FILES",
    "ActivityConfig",
    "AudioConfig",
    "Header",
    "Wave",
    "activity",
    "decode",
    "download",
    "log_mel",
    "pieces",
    "read_header",
    "resample",
    "too_long",
]
