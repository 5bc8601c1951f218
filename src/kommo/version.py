"""The one place where the version stands; the distribution, the bundle and the changelog follow it."""

__version__ = "0.1.0"
