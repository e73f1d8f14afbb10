"""The door, over real sockets: a uvicorn of its own, a schema made for it."""
