"""Scripts that make every built-in asset; each package is run with ``python -m``."""
