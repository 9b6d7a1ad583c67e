"""Keys of the stages of a ranking."""

from __future__ import annotations

from screening.settings import setting, settings_class


@settings_class
class FunnelConfig:
    """A quick look at all candidates, then full predictions for those that can still be among the best."""

    enabled: bool = setting(
        default=True, help="pass candidates through stages, where the material class has them; false: full predictions"
    )
    keep: int = setting(
        default=20,
        help="the best that must be as without stages; report.cards counts if it is more. With several lists: of each",
        minimum=1,
    )
    whole_below: int = setting(
        default=200, help="up to this many candidates all get the full predictions at once", minimum=0
    )
