"""The HTTP layer: requests in, answers and problem documents out."""
