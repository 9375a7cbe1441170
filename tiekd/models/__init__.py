"""Networks: encoders, decoders, heads, and the registry that builds, saves and loads them."""
