"""The tags that hold a reviewer's decision on a finalist in MLflow."""

from __future__ import annotations

DECISION = "review.decision"
COMMENT = "review.comment"
BY = "review.by"

OPEN = "open"
"""The initial decision of a finalist: undecided."""
APPROVE, REJECT, HOLD = "approve", "reject", "hold"
DECISIONS = (APPROVE, REJECT, HOLD)
