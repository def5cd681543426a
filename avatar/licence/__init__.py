"""What an avatar's maker allows, and what that means for a show."""
