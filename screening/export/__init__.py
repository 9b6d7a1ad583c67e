"""Files for the laboratory: a folder for each approved candidate, tables for the bench, one archive."""
