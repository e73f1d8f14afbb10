"""How requests come in, and who may send them: HTTP, WebSocket, tokens, limits."""
