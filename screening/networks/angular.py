"""Angular features of an atom's neighbourhood, which distances alone do not contain, at almost no cost.

The directions of the neighbours are expanded in real spherical harmonics of degree 1 to 4, weighted by a few learned
functions of distance and element. The rotation-invariant power spectrum of this expansion (Bartók, Kondor and Csányi,
Phys. Rev. B 87, 184115 (2013)) is added to the first atom features. Degree 4 is the first to distinguish an octahedron
from random directions, degree 3 a tetrahedron.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from screening.networks.blocks import EdgeSum
from screening.networks.linear import Linear

DEGREES = (1, 2, 3, 4)


def solid_harmonics(direction: Tensor) -> Tensor:
    """Real spherical harmonics of degrees 1 to 4.

    They are scaled so that the squares within each degree sum to 1 (the addition theorem with P_l(1) = 1).

    Args:
        direction: (E, 3) unit vectors.

    Returns:
        (E, 24) values.
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
        """Compute (N, width) features.

        Args:
            edge: (E, edge_width) features of distance and both elements.
            direction: (E, 3) unit vectors.
            weight: (E,) weights of the edges.
            edge_sum: Sums over the edges of each atom.
        """
        radial = (self.radial(edge).float() * weight[:, None]).t().contiguous()
        harmonics = solid_harmonics(direction)
        # channel by channel, to avoid a product of size (E, channels x 24)
        moments = torch.stack([edge_sum(harmonics, channel) for channel in radial], dim=1)
        squares = moments * moments
        sizes = [2 * degree + 1 for degree in DEGREES]
        power = torch.cat([part.sum(2) for part in squares.split(sizes, dim=2)], dim=1)
        # the power is quadratic in the expansion; the root restores its scale
        return self.out(torch.sqrt(power + 1e-4))
