"""What TRL imports from here, for its server mode."""


def packed_nccl_broadcast_producer() -> None:
    """Never called in these runs."""
    raise NotImplementedError
