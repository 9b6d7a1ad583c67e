"""From published tables and users' files to the store: one file a source."""
