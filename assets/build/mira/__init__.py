"""Mira, the built-in host: a VRM 1.0 avatar computed from formulas (``python -m assets.build.mira``)."""
