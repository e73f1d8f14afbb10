"""Proof on a machine that has seen nothing: `make fresh`."""
