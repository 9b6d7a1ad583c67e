"""What distances alone cannot tell: the angular shape of an atom's surroundings, at almost no cost.

The neighbours' directions are expanded once in real solid harmonics of degree 1 to 4, weighted by a few learned
functions of distance and element; the rotation-invariant power spectrum of that expansion (Bartók, Kondor and Csányi,
Phys. Rev. B 87, 184115 (2013)) joins the first atom features. Degree 4 is the first that tells an octahedron from
random directions, degree 3 a tetrahedron.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from screening.networks.blocks import EdgeSum
from screening.networks.linear import Linear

DEGREES = (1, 2, 3, 4)


def solid_harmonics(direction: Tensor) -> Tensor:
    """(E, 24) real spherical harmonics of unit vectors (E, 3), degrees 1 to 4.

    Scaled so that the squares within each degree sum to 1 (the addition theorem with P_l(1) = 1).
    """
    x, y, z = direction.unbind(1)
    xx, yy, zz = x * x, y * y, z * z
    d = xx - yy
    s3, s15, s10, s6, s5 = 3**0.5, 15**0.5, 10**0.5, 6**0.5, 5**0.5
    s35, s70 = 35**0.5, 70**0.5
    return torch.stack(
        [
            x, y, z,
            s3 * x * y, s3 * y * z, s3 * x * z, s3 / 2 * d, (3 * zz - 1) / 2,
            s10 / 4 * y * (3 * xx - yy), s15 * x * y * z, s6 / 4 * y * (5 * zz - 1), z * (5 * zz - 3) / 2,
            s6 / 4 * x * (5 * zz - 1), s15 / 2 * z * d, s10 / 4 * x * (xx - 3 * yy),
            s35 / 2 * x * y * d, s70 / 4 * y * z * (3 * xx - yy), s5 / 2 * x * y * (7 * zz - 1),
            s10 / 4 * y * z * (7 * zz - 3), (35 * zz * zz - 30 * zz + 3) / 8, s10 / 4 * x * z * (7 * zz - 3),
            s5 / 4 * d * (7 * zz - 1), s70 / 4 * x * z * (xx - 3 * yy),
            s35 / 8 * (xx * (xx - 3 * yy) - yy * (3 * xx - yy)),
        ],
        dim=1,
    )  # fmt: skip


class AngularFeatures(nn.Module):
    """Power spectrum of the neighbourhood: (N, channels x 4) invariants mapped to (N, width)."""

    def __init__(self, width: int, channels: int, edge_width: int) -> None:
        super().__init__()
        self.channels = channels
        self.radial = Linear(edge_width, channels)
        self.out = Linear(channels * len(DEGREES), width)

    def forward(self, edge: Tensor, direction: Tensor, weight: Tensor, edge_sum: EdgeSum) -> Tensor:
        """edge: (E, edge_width) features of distance and both elements; direction: (E, 3) unit vectors."""
        radial = (self.radial(edge).float() * weight[:, None]).t().contiguous()
        harmonics = solid_harmonics(direction)
        # channel by channel, so that no (E, channels x 24) product is ever made
        moments = torch.stack([edge_sum(harmonics, channel) for channel in radial], dim=1)
        squares = moments * moments
        sizes = [2 * degree + 1 for degree in DEGREES]
        power = torch.cat([part.sum(2) for part in squares.split(sizes, dim=2)], dim=1)
        # an invariant of degree two in the surroundings: the root brings it back to their scale
        return self.out(torch.sqrt(power + 1e-4))
