"""What TRL imports from here, for its server mode."""


def trainer_init() -> None:
    """Never called in these runs."""
    raise NotImplementedError
