"""DeepCTR-Torch beside ours: `fourfold bench --domain recsys --peers`.

Both train DeepFM with 26 fields, embeddings of width 16 and three hidden layers of 400, on the same simulated rows.
"""
