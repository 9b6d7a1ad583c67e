"""Migration barriers: paths of the ion between two sites, and the barrier of calculations along them."""
