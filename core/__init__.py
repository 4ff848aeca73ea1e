"""What every domain shares: the Transformer, the trainer, the metrics, the report, the artefact and the faces."""
