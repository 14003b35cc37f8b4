"""What every section of a preset is: frozen, and without a key that it does not know."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping of settings."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())
