"""Every figure of speed in the documents comes from a script here; each prints a table and writes JSON."""
