"""A world of drawn shapes, and the tiny FLUX.1 that is pretrained on it.

`python -m bench.tiny_shapes` makes the base model anew from nothing; `trainer/tiny_shapes` keeps
it. It is a test's base model, and lets anybody without a graphics card see a real training.
"""
