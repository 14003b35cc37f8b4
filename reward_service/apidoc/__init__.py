"""docs/api.md, written from the OpenAPI document, the docstrings of the wire, and `words.yaml`."""

from reward_service.apidoc.page import api_page

__all__ = ["api_page"]
