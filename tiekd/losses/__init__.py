"""Training losses: pure functions in `functional`, thin modules around them in `modules`."""
