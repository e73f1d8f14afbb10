"""SQL and the way to run it: which rows, in what order, at what cost."""
