"""Audits rewards: honest answers to a user's own questions against attacks on them."""
