"""The software back end: the engine's own rasteriser, for machines without a graphics processor."""
