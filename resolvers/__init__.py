"""For these parents, which rows: batch functions, all parents of a level in, one answer a parent out."""
