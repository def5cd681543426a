"""An avatar at work: a pose in, node matrices and morph weights out, in VRM's order."""
