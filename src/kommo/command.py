"""What every `kommo` command shares: the one exception that stands for a user's mistake, and an exit code."""

from __future__ import annotations

from typing import Final

#: What a shell reports for a command stopped by Ctrl-C (128 + SIGINT).
INTERRUPTED: Final = 130


class CommandError(Exception):
    """A mistake the user can mend: `kommo` prints its text as one line and ends with `exit_code`.

    Args:
        message: One line (or one line per finding) naming the thing, the place and the mend.
        exit_code: 1 when the command ran and the answer is "no" (a check failed, an overlay does not
            apply), 2 when it could not run (bad usage, missing or malformed input).
    """

    def __init__(self, message: str, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code
