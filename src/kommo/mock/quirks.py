"""The registry of quirks: one switch for each way the wire differs from the vendor's documents.

Each id is the stem of an overlay in `overlays/quirks/`. A profile is a named set of switches: `documented` has none on,
`observed` those that real accounts are known to show, `lenient` all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

DOCUMENTED: Final = "documented"
OBSERVED: Final = "observed"
LENIENT: Final = "lenient"
PROFILES: Final[tuple[str, ...]] = (DOCUMENTED, OBSERVED, LENIENT)


class Quirk(NamedTuple):
    """One switch: its id, what the mock does while it is on, and the profiles that turn it on."""

    id: str
    summary: str
    profiles: tuple[str, ...]


def _registry(quirks: Iterable[tuple[str, str, str]]) -> Mapping[str, Quirk]:
    profiles = {OBSERVED: (OBSERVED, LENIENT), LENIENT: (LENIENT,)}
    return MappingProxyType({id_: Quirk(id_, summary, profiles[first]) for id_, first, summary in quirks})


QUIRKS: Final[Mapping[str, Quirk]] = _registry(
    [
        ("v2-write-link-singular", LENIENT, "Answers to v2 writes say `_link` where reads say `_links`."),
        (
            "v2-write-errors-in-200",
            OBSERVED,
            "A v2 write answers 200 with the failed items in `_embedded.errors` instead of failing as a whole.",
        ),
        ("v2-delete-empty-items", LENIENT, "A v2 delete answers with an empty `items`."),
        (
            "v2-paging",
            OBSERVED,
            "v2 lists are paged by `page` and `limit` or `limit_rows` and `limit_offset` instead of coming whole.",
        ),
        ("v2-catalog-types", OBSERVED, "Lists may also be of type `products` or `suppliers`."),
        ("v2-update-updated-at-optional", OBSERVED, "An element update may omit `updated_at`."),
        (
            "v2-elements-catalog-id-optional",
            OBSERVED,
            "Elements can be listed without `catalog_id`: those of every list are answered.",
        ),
        ("v2-form-encoded", OBSERVED, "v2 writes also take form-encoded bodies (`add[0][name]=...`)."),
        ("v2-legacy-error-body", LENIENT, "v2 errors carry the legacy JSON body with `response.error_code`."),
        (
            "v2-enum-integer",
            LENIENT,
            "`enum` of a v2 value is answered as an integer, not as a digit string.",
        ),
        ("v4-update-fields-200", OBSERVED, "PATCH of fields answers 200 instead of 201."),
        ("v4-create-fields-200", LENIENT, "POST of fields answers 200 instead of 201."),
        (
            "v4-create-single-object",
            OBSERVED,
            "POST of fields also takes one object and answers the bare field.",
        ),
        (
            "v4-enums-keyed-object",
            OBSERVED,
            "A PATCH that dropped options answers `enums` as an object keyed by position.",
        ),
        ("v4-list-empty-204", OBSERVED, "An empty list or page of fields is answered by 204 without a body."),
        ("v4-field-get-unknown-204", LENIENT, "Reading an unknown field answers 204 instead of 404."),
        ("v4-group-create-name-only", OBSERVED, "A group can be created without `sort`."),
        (
            "v4-newer-field-types",
            OBSERVED,
            "Fields of types that no document knows are answered; the seed `demo` holds one.",
        ),
        (
            "v4-code-null",
            OBSERVED,
            "A field without a code answers `code: null` instead of leaving the key out.",
        ),
        ("gateway-429-html", OBSERVED, "The rate limiter answers HTML instead of problem+json."),
        ("gateway-403-html", OBSERVED, "The ban after repeated 429 is answered as HTML."),
    ]
)


class UnknownQuirk(ValueError):
    """A quirk id or a profile name that does not exist."""


def resolve(profile: str, overrides: Mapping[str, bool] | None = None) -> frozenset[str]:
    """The ids that are on.

    Args:
        profile: one of `PROFILES`.
        overrides: single switches by id that win over the profile.

    Raises:
        UnknownQuirk: for a profile or an id that does not exist; the message lists what does.
    """
    if profile not in PROFILES:
        raise UnknownQuirk(f"no profile {profile!r}: use one of {', '.join(PROFILES)}")
    on = {quirk.id for quirk in QUIRKS.values() if profile in quirk.profiles}
    for id_, value in (overrides or {}).items():
        if id_ not in QUIRKS:
            raise UnknownQuirk(f"no quirk {id_!r}: use one of {', '.join(QUIRKS)}")
        if value:
            on.add(id_)
        else:
            on.discard(id_)
    return frozenset(on)


def quirk_states(on: Collection[str]) -> list[dict[str, Any]]:
    """Every quirk with its state, of those that are on."""
    return [
        {"id": quirk.id, "on": quirk.id in on, "summary": quirk.summary, "profiles": list(quirk.profiles)}
        for quirk in QUIRKS.values()
    ]
