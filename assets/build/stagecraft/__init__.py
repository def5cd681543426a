"""Tools for building stages: curved patches, painted surfaces, baked light, a GLB writer."""
