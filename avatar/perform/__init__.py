"""From single frames to a performance: smooth, gap-free, handed over to idle and back."""
