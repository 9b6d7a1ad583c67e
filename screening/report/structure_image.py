"""An image of a crystal for folders, cards and MLflow."""

from __future__ import annotations

import io

from screening.crystals.crystal import Crystal
from screening.report.structures import colour, with_images

_INCHES, _DPI = 4.0, 150
_VIEW = "-80x,20y,0z"


def structure_png(crystal: Crystal) -> bytes:
    """A PNG file of the crystal as ASE draws it, seen slightly from above, on white.

    It needs no display and leaves matplotlib's global state alone.
    """
    from ase import Atoms
    from ase.io.utils import make_patch_list
    from ase.visualize.plot import Matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.collections import PatchCollection
    from matplotlib.colors import to_rgba_array
    from matplotlib.figure import Figure

    numbers, frac = with_images(crystal)
    atoms = Atoms(numbers=numbers, cell=crystal.lattice, scaled_positions=frac)
    colours = to_rgba_array([colour(z) for z in numbers.tolist()])[:, :3]
    figure = Figure(figsize=(_INCHES, _INCHES), dpi=_DPI)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    drawing = Matplotlib(atoms, axes, rotation=_VIEW, radii=0.35, colors=colours, show_unit_cell=2)
    # All circles at once: adding them one by one, as `plot_atoms` does, takes three times as long.
    axes.add_collection(PatchCollection(make_patch_list(drawing), match_original=True))
    axes.set(xlim=(0, drawing.w), ylim=(0, drawing.h))
    content = io.BytesIO()
    canvas.print_png(content)
    return content.getvalue()
