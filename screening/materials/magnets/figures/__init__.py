"""Figures of merit at the working temperature; nothing here needs torch."""
