"""What was seen, what was made of it: source, landmarks and avatar of the same moments."""
