"""Text as pictures, with whatever fonts this machine has."""
