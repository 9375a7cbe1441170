"""Running networks on photos: scaling, engines, the way back to the photo, DPM answers. Imports no torch."""
