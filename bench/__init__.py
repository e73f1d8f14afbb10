"""How fast Chorus is, beside servers that answer the same: `make bench`, `make bench-peers`."""
