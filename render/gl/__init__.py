"""The GL back end: per-pixel toon light, shadow map; for graphics processors and software GL."""
