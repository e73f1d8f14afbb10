"""The proof of the catalogue and of the conversation."""
