"""Places: stages, shots, lights and who directs them."""
