"""Training losses (docs/method.md §5 to §8): pure functions in `functional`, thin modules in `modules`."""
