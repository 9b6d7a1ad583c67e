"""Properties of the elements as inputs of the network."""

from __future__ import annotations

import torch
from helpers.models import tiny_model
from torch import Tensor

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.networks.blocks import ElementEmbedding
from screening.networks.element_properties import PROPERTIES, element_properties


def test_standardised_complete_and_finite() -> None:
    table = element_properties()
    assert table.shape == (104, len(PROPERTIES))
    assert table.isfinite().all() and not table[0].any()
    assert (table[1:].std(dim=0) > 0.5).all() and (table[1:].mean(dim=0).abs() < 0.1).all()


def test_orders_elements_as_chemistry_does() -> None:
    table = element_properties()

    def of(symbol: str, name: str) -> float:
        return float(table[ATOMIC_NUMBERS[symbol], PROPERTIES.index(name)])

    assert of("F", "Pauling electronegativity") > of("O", "Pauling electronegativity")
    assert of("O", "Pauling electronegativity") > of("Fe", "Pauling electronegativity")
    assert of("Cs", "atomic radius") > of("Li", "atomic radius")
    assert of("Zn", "d electrons") > of("Fe", "d electrons") > of("Ti", "d electrons") > of("Ca", "d electrons")
    assert of("Dy", "f electrons") > of("Nd", "f electrons") > of("La", "f electrons")
    assert of("Mn", "highest common oxidation state") > of("Na", "highest common oxidation state")


def test_neighbours_in_the_table_are_chemical_siblings() -> None:
    table = element_properties()

    def distance(a: str, b: str) -> Tensor:
        return (table[ATOMIC_NUMBERS[a]] - table[ATOMIC_NUMBERS[b]]).norm()

    assert distance("Nd", "Pr") < distance("Nd", "Fe")
    assert distance("Na", "K") < distance("Na", "Cl")
    assert distance("Cl", "Br") < distance("Cl", "Mg")


def test_properties_reach_every_embedding_of_a_model_and_change_it() -> None:
    model = tiny_model()
    embeddings = [m for m in model.modules() if isinstance(m, ElementEmbedding)]
    before = [embedding(torch.tensor([26])).detach() for embedding in embeddings]
    model.describe_elements()
    assert len(embeddings) == 2
    for embedding, old in zip(embeddings, before, strict=True):
        torch.testing.assert_close(embedding.properties, element_properties())
        assert not torch.allclose(embedding(torch.tensor([26])), old)
