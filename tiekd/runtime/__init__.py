"""Running networks on photos: decoding, scaling, engines, the way back, and 16-bit PNG. Imports no torch."""
