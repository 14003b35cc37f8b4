"""What TRL imports from below here, for its server mode; never called in these runs."""
