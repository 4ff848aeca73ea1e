"""transformers' pipeline beside ours, with the same Whisper on the same recordings.

`python -m fourfold.speech.peers whisper [FOLDER_OR_NAME] [--steps CLIPS]` prints one line of JSON.
"""
