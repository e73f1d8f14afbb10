"""What a developer's machine needs and production does not: a Postgres of its own, a sample world, live activity."""
