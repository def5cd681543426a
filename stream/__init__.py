"""Bytes: encoders, the hub and everything that takes a show away."""
