"""Bodies: the VRM runtime and what moves it. Numpy only."""
