"""Domain lexicons: one YAML per domain, and the code that loads and matches it."""

from reward_service.lexicons.lexicon import Lexicon, Match, load_lexicon

__all__ = ["Lexicon", "Match", "load_lexicon"]
