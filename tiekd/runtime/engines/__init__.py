"""What computes a network: contract in `base`, list in `table`, choice in `open`, one module per engine."""
