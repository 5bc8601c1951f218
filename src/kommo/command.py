"""What the `kommo` commands share: the exception for a user's mistake, an exit code, and files written whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
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


@contextmanager
def replacing(target: Path, *, named: Path) -> Iterator[Path]:
    """Put a whole file in place, or leave what is there.

    Args:
        target: the file.
        named: what a message calls it.

    Returns:
        The name of a file beside it to write to; it becomes `target` when the block ends well, else it is removed.

    Raises:
        CommandError: the system refused something of it.
    """
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        try:
            yield part
            os.replace(part, target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise CommandError(
            f"{named}: cannot be written: {error.strerror or error}; check the place"
        ) from None
