"""The tags by which a reviewer decides about a finalist in MLflow's page."""

from __future__ import annotations

DECISION = "review.decision"
COMMENT = "review.comment"
BY = "review.by"

OPEN = "open"
"""What a finalist's decision is preset to: nobody has decided yet."""
APPROVE, REJECT, HOLD = "approve", "reject", "hold"
DECISIONS = (APPROVE, REJECT, HOLD)
