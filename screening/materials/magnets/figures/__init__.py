"""Figures of merit at the working temperature; these modules do not need torch."""
