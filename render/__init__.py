"""Pixels: the only package that knows a drawing engine."""
