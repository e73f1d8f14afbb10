"""Proof with the clients of npm: `make test-clients`, which needs Node 20 or newer, and npm."""
