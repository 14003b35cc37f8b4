"""The routes: they turn wire forms into samples and scores into wire forms; nothing is scored here."""
