"""One ranking on many machines: durable parts of shards, and how they become one table again."""
