"""What experiments tell about magnets: magnetic order, Curie temperature, magnetocrystalline anisotropy."""
