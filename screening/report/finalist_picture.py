"""A still picture of a crystal, for folders, cards and MLflow."""

from __future__ import annotations

import io

from screening.crystals.crystal import Crystal
from screening.report.structures import colour, with_images

_INCHES, _DPI = 4.0, 150
_VIEW = "-80x,20y,0z"


def picture_png(crystal: Crystal) -> bytes:
    """The crystal as ASE draws it, slightly from above, on white; as a PNG file.

    Drawn without any display, whatever else the process draws with.
    """
    from ase import Atoms
    from ase.visualize.plot import plot_atoms
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import to_rgba_array
    from matplotlib.figure import Figure

    numbers, frac = with_images(crystal)
    atoms = Atoms(numbers=numbers, cell=crystal.lattice, scaled_positions=frac)
    colours = to_rgba_array([colour(z) for z in numbers.tolist()])[:, :3]
    figure = Figure(figsize=(_INCHES, _INCHES), dpi=_DPI)
    canvas = FigureCanvasAgg(figure)
    plot_atoms(atoms, figure.add_axes((0, 0, 1, 1)), rotation=_VIEW, radii=0.35, colors=colours, show_unit_cell=2)
    content = io.BytesIO()
    canvas.print_png(content)
    return content.getvalue()
