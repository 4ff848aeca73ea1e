"""Sound files and what is computed of them: the one place that knows soundfile and torchaudio."""

from .activity import ActivityConfig, activity, pieces
from .arriving import Arriving, ResampleStream, arriving_bytes, arriving_file
from .colour import coloured
from .files import LOUDEST, RATES, SOUND_FILES, Header, Wave, decode, read_header, resample, too_long
from .mel import AudioConfig, MelStream, log_mel, warped_places
from .zoo import download

__all__ = [
    "LOUDEST",
    "RATES",
    "SOUND_FILES",
    "ActivityConfig",
    "Arriving",
    "AudioConfig",
    "Header",
    "MelStream",
    "ResampleStream",
    "Wave",
    "activity",
    "arriving_bytes",
    "arriving_file",
    "coloured",
    "decode",
    "download",
    "log_mel",
    "pieces",
    "read_header",
    "resample",
    "too_long",
    "warped_places",
]
