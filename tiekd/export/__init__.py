"""Networks as graphs that run without this project, and how far their answers are from the network's own.

What there is: graphs of `torch.export` for normalised images, and the measure of parity. No other format and
no graph that takes photos is promised.
"""
