"""What holds in a sample world: the recounts of every database, and those of recounts.sql beside this file."""

from pathlib import Path

import db.recounts

RECOUNTS = db.recounts.RECOUNTS | db.recounts.read_recounts(Path(__file__).with_suffix(".sql"))
