"""What is made of random bits: flat arrays, drawn in torch's order.

Every function takes the stream, the number of values and what shapes their distribution.
"""
