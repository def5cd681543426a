"""A publisher for RTMP(S) rooms: RTMP 1.0 as far as a publisher needs it."""
