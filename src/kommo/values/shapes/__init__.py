"""One class per shape of a value: how one value of the wire becomes one Python value, and back.

A shape knows neither fields nor types. What it cannot take it refuses with Unfit.
"""
