"""Which sounds rise: counters of weighted videos, the score that is read from them, and the charts."""
