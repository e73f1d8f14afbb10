"""Proof of db/: migrations, statements, loads."""
