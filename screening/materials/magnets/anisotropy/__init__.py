"""Magnetocrystalline anisotropy: 4f shells by the crystal field, 3d metals by family or by a forest."""
