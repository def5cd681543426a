"""The pieces of the built-in studio: shell, halo, furniture, greenery, lamps and their paints."""
