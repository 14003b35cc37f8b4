"""How the tables came to be what they are, one file a revision in `versions/`.

A new revision is the next file `rNNNN_what.py`, written by hand, with `upgrade` and `downgrade`; it names
the one before in `down_revision`.  A revision that was released never changes.
"""
