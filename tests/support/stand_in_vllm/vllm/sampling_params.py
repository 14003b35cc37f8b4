"""What TRL imports from here."""


class StructuredOutputsParams:
    """Never made in these runs."""
