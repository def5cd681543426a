"""The browser page: the programme picture by WebCodecs over a WebSocket, and how the show is doing."""
