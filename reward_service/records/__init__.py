"""Live checks that are kept for review: the database and what is asked of it."""

from reward_service.records.records import Records
from reward_service.records.wanted import Wanted

__all__ = ["Records", "Wanted"]
