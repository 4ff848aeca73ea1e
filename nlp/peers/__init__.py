"""Hugging Face's Trainer, pipeline and masked language model beside ours: `fourfold bench --domain nlp --peers`.

It needs the extra `peers`. All models are BERT with the same shape, first weights, vocabulary and rows.
"""
