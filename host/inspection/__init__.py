"""What is inside an avatar and what it costs: as plain data and in words."""
