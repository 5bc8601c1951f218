"""Generating `kommo_client` with openapi-python-client.

The generator runs inside this process, which costs less than a second Python and gives its findings as
objects. It works in a folder of its own under the system's temporary directory, where no pyproject.toml or
ruff.toml of a parent folder reaches its formatter.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, Any

from kommo.command import CommandError
from kommo.spec.documents import load_mapping, nearest, place, shown
from kommo.spec.project import CLIENT, GENERATOR_CONFIG, GENERATOR_TEMPLATES

if TYPE_CHECKING:
    from jinja2 import TemplateError
    from openapi_python_client.config import ConfigFile
    from openapi_python_client.parser.errors import GeneratorError


def render_client(root: Path, document: Path) -> dict[Path, str]:
    """Generate the client package.

    Args:
        root: The checkout with generator_config.yml and generator_templates/.
        document: The contract to generate from (openapi/dist/kommo.codegen.json).

    Returns:
        Path relative to the checkout -> the whole text of each file, caches left out.

    Raises:
        CommandError: A mistake in the configuration, or any warning of the generator: without that, a part
            of the contract that it cannot read would be missing from the client without a word.
    """
    if not document.is_file():
        raise CommandError(f"{shown(document)}: there is no such file; run: make bundle")
    settings = _settings(root / GENERATOR_CONFIG)
    with tempfile.TemporaryDirectory(prefix="kommo-client-") as scratch:
        output = Path(scratch) / CLIENT.name
        errors = _generate(root, document, settings, output)
        if any("UntrustedString object" in str(error.detail) for error in errors):
            with _readable_strings():
                errors = _generate(root, document, settings, Path(scratch) / "again")
        if errors:
            raise CommandError("\n".join(_described(error, document) for error in errors), exit_code=1)
        return {
            CLIENT / path.relative_to(output): path.read_text(encoding="utf-8")
            for path in sorted(output.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }


def _settings(path: Path) -> ConfigFile:
    from openapi_python_client.config import ConfigFile
    from pydantic import ValidationError

    values = load_mapping(path, "the generator's configuration")
    known = ConfigFile.model_fields
    for key in values:
        if key not in known:
            raise CommandError(
                f"{place(path, (key,))}: {key!r} is no setting of openapi-python-client"
                f"{nearest(key, known) or '; known are: ' + ', '.join(sorted(known))}"
            )
    for index, hook in enumerate(values.get("post_hooks") or []):
        if str(hook).startswith("ruff ") and not {"--isolated", "--no-cache"} <= set(str(hook).split()):
            raise CommandError(
                f"{place(path, ('post_hooks', index))}: {hook!r} would follow the settings of this "
                "machine and leave a cache; add --isolated --no-cache"
            )
    try:
        return ConfigFile(**values)
    except ValidationError as error:
        first = error.errors()[0]
        raise CommandError(f"{place(path, first['loc'])}: {first['msg']}; mend the value") from error


def _generate(root: Path, document: Path, settings: ConfigFile, output: Path) -> Sequence[GeneratorError]:
    from openapi_python_client import generate
    from openapi_python_client.config import Config, MetaType

    config = Config.from_sources(
        settings, MetaType.NONE, document, "utf-8", overwrite=False, output_path=output
    )
    templates = root / GENERATOR_TEMPLATES
    from jinja2 import TemplateError

    with _tools_on_path(), _no_collection(), contextlib.redirect_stdout(io.StringIO()):
        try:
            return generate(config=config, custom_template_path=templates if templates.is_dir() else None)
        except TemplateError as error:
            raise CommandError(
                f"{_template_place(error, templates)}: {error.message}; mend the template"
            ) from error


def _template_place(error: TemplateError, templates: Path) -> str:
    """Where a template is wrong: jinja2 gives each a frame of its own."""
    frames = [
        frame for frame in extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(templates)
    ]
    return f"{shown(Path(frames[-1].filename))}:{frames[-1].lineno}" if frames else shown(templates)


@contextlib.contextmanager
def _tools_on_path() -> Iterator[None]:
    """Let the hooks find the formatter of this environment, whether or not the environment is activated."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Pause the cyclic garbage collector: the generator keeps all it makes, and walking it costs a sixth of the run."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextlib.contextmanager
def _readable_strings() -> Iterator[None]:
    """Show the generator's wrapped strings in its messages.

    The wrapper has no text of its own so that nothing from the document slips into code unescaped; hence it
    is opened only for a second run whose code is thrown away.
    """
    from openapi_python_client.schema.untrusted_string import UntrustedString

    def readable(self: UntrustedString) -> str:
        return self.get_untrusted_value()

    original = UntrustedString.__repr__
    UntrustedString.__repr__ = readable  # type: ignore[assignment,method-assign]
    try:
        yield
    finally:
        UntrustedString.__repr__ = original  # type: ignore[method-assign]


def _described(error: GeneratorError, document: Path) -> str:
    detail: Any = " ".join(str(error.detail or "").split())
    text = f"{shown(document)}: {error.header.strip().rstrip(':')}: {detail}"
    data = getattr(error, "data", None)
    if data is not None:
        excerpt = re.sub(r"\s+", " ", data.model_dump_json(exclude_unset=True, by_alias=True))
        text += f" (in {excerpt[:200]})"
    return f"{text}; shape the contract differently in overlays/codegen/"
