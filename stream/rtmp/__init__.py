"""A publisher for RTMP(S) rooms: Adobe's RTMP 1.0 specification, the part that a publisher needs."""
