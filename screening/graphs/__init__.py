"""From crystals to batched tensors: neighbour lists, the adaptive nearest-neighbour graph, batches."""
