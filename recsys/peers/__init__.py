"""DeepCTR-Torch, FuxiCTR and LightGBM beside ours: `fourfold bench --domain recsys --peers`.

All train DeepFM with 26 fields, embeddings of width 16 and three hidden layers of 400, on the same simulated rows. What
comes before training is measured beside FuxiCTR, whose Ray takes as many processors as there are threads; what comes
after it beside DeepCTR-Torch, and areas on real rows beside LightGBM. All are installed by
`pip install 'fourfold[peers]'`.
"""
