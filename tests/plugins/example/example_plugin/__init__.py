"""An example of everything that plugs into screening: material classes, a network, a potential, an importer."""
