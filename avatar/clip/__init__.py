"""Animations: clips of normalised motion, read from VRMA and BVH, played, cross-faded, written."""
