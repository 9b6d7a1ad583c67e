"""A ranking on many machines: shards on disk, joining, Slurm jobs and their status."""
