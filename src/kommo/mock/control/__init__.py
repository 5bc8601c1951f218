"""The controls of a running mock over HTTP, under `/_mock/`, and the page for people there.

The controls need no token: whoever reaches the mock may use them.
"""

from __future__ import annotations

from .app import create_control

__all__ = ["create_control"]
