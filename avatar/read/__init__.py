"""Files to avatars: glTF, VRM 1.0, VRM 0.x and plain humanoid GLB, whatever state they are in."""
