"""timm's training loop and Hugging Face's pipeline beside ours: `fourfold bench --domain vision --peers`.

All models are ViT-Ti with the same shape, first weights and images.
"""
