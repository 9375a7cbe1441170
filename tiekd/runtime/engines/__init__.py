"""What computes a network: the contract in `base`, the choice in `open`, one module per engine."""
