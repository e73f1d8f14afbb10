"""Proof in a real browser: `make test-browser`, which needs Debian's chromium."""
