"""Pretrained weights: found, read without running anything in them, and rebuilt as Keras layers."""
