"""What every plug-in must satisfy, as functions that an author calls from a test of his own.

    from screening.testing import check_potential

    def test_my_potential() -> None:
        check_potential(MyPotential())

Each raises `ContractError`, an AssertionError that says what does not hold. None needs pytest.
"""

from screening.testing.contract import ContractError
from screening.testing.importer_contract import check_importer
from screening.testing.material_contract import check_material_class
from screening.testing.network_contract import check_network
from screening.testing.potential_contract import check_potential

__all__ = ["ContractError", "check_importer", "check_material_class", "check_network", "check_potential"]
