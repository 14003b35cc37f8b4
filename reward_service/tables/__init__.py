"""Tables of completions: read from JSONL, CSV or Parquet, scored, and written again with their scores.

A table is read several times, row by row, and never held: once to check every row before anything is scored,
once to score, once to write.  Results wait in a journal on disk, from which an interrupted run goes on.
"""
