"""From what the camera saw to what the body does: landmarks in, joint rotations out."""
