"""How a committed fact reaches whoever listens: the outbox, the ordered log, the bus, the streams."""
