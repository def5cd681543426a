"""The browser page: the programme by WebCodecs over a WebSocket, and how the show is doing."""
