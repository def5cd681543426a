"""Mira, the built-in host, out of formulas: ``python -m assets.build.mira`` builds her VRM."""
