"""The tracker's network files: which, where they lie, how they come, what stands in for them."""
