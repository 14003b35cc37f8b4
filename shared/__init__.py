"""What the reward server and the trainer agree on.  Imports nothing heavier than pydantic and httpx."""
