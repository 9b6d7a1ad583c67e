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
    # All circles at once: added one by one, as `plot_atoms` does, they take three times as long.
    axes.add_collection(PatchCollection(make_patch_list(drawing), match_original=True))
    axes.set(xlim=(0, drawing.w), ylim=(0, drawing.h))
    content = io.BytesIO()
    canvas.print_png(content)
    return content.getvalue()
