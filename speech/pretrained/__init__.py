"""OpenAI's Whisper as Hugging Face has it, in and out, on the core Transformer.

pretrained = read_pretrained("openai/whisper-tiny.en")
model = WhisperModel(pretrained.config)
model.load_state_dict(pretrained.weights)
task = WhisperTask(model.eval(), pretrained.tokenizer, pretrained.rules)
…
save_pretrained(model, "folder", rules=pretrained.rules, tokenizer=pretrained.tokenizer)
"""

from .config import AUDIO, WhisperConfig
from .features import FILE, WhisperFeatures, WhisperSource
from .mel import whisper_mel
from .model import WhisperModel
from .reading import Pretrained, read_pretrained
from .rules import Rules
from .saving import save_pretrained
from .task import WhisperTask

__all__ = [
    "AUDIO",
    "FILE",
    "Pretrained",
    "Rules",
    "WhisperConfig",
    "WhisperFeatures",
    "WhisperModel",
    "WhisperSource",
    "WhisperTask",
    "read_pretrained",
    "save_pretrained",
    "whisper_mel",
]
