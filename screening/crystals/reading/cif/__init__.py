"""CIF: from the text of a data block to the sites of a crystal, over gemmi's syntax and tables of symmetry."""
