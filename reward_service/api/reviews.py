"""`/reviews`: kept checks, and what people decide about them."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter(tags=["reviews"])
