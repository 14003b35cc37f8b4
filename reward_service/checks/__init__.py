"""Live checks: what is wrong with an answer, and what a policy makes of it.  Pure."""
