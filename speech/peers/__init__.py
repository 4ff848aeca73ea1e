"""Others beside ours: transformers' pipeline with the same Whisper or CTC model, and SpeechBrain's Conformer recipe.

`python -m fourfold.speech.peers whisper [FOLDER_OR_NAME] [--steps CLIPS]`, `… training CASE [--steps N]` (audio seconds
a second; N times 16 utterances), `… quarter CASE` (the error rate of ours after a quarter of the time of theirs): each
prints one line of JSON.
"""
