"""Changes to training images, whole batches of uint8 at once: pure functions of the numbers drawn for each image.

Row i's result depends on (seed, epoch, i) alone: not on the batch that it is in, nor on how many processes share it.
"""

from .change import changed
from .config import AugmentConfig
from .mixing import Mix, draw_mixes, mixed_images, mixed_labels

__all__ = ["AugmentConfig", "Mix", "changed", "draw_mixes", "mixed_images", "mixed_labels"]
