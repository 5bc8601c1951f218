"""The published contract as it stood at a commit, a tag or a branch."""

import json
import subprocess
from pathlib import Path
from typing import Any

from kommo.command import CommandError

PUBLISHED = "openapi/dist/kommo.openapi.json"


def bundle_at(root: Path, revision: str) -> dict[str, Any]:
    """The bundle checked in at ``revision``.

    Args:
        root: the checkout.
        revision: anything git understands: a tag, a branch, ``HEAD~3``.

    Raises:
        CommandError: git is missing, the revision is unknown, or it holds no bundle.
    """
    # After "--end-of-options" a revision that looks like an option stays a revision.
    text = _git(root, "show", "--end-of-options", f"{revision}:{PUBLISHED}")
    if text is None:
        raise CommandError(
            f"{revision}: no {PUBLISHED} there; name a commit, tag or branch that holds the published contract"
        )
    document = json.loads(text)
    if not isinstance(document, dict) or "paths" not in document:
        raise CommandError(f"{revision}:{PUBLISHED} is not an OpenAPI document; choose a later revision")
    return document


def last_tag(root: Path) -> str | None:
    """The newest release tag that is an ancestor of HEAD, or None before the first release."""
    tag = _git(root, "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*")
    return tag.strip() if tag else None


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise CommandError("git is not installed, and the earlier contract is read from it") from None
    return done.stdout if done.returncode == 0 else None
