"""Wrong settings in plain words: pydantic's findings as sentences a show's author understands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr

Location = tuple[int | str, ...]

_PLAIN = {
    "model_type": "must be a section, [{path}]",
    "dict_type": "must be a section, [{path}]",
    "list_type": "must be a list: write each as [[{path}]]",
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "missing": "is needed",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be {ge:.10g} or more",
    "greater_than": "must be more than {gt:.10g}",
    "less_than_equal": "must be {le:.10g} or less",
    "finite_number": "must be a finite number",
}


def sentence(error: Any, model: type[BaseModel], prefix: str = "") -> str:
    """One finding of ``ValidationError.errors()`` about `model` in plain words.

    Values of secret fields and of unknown ones (a key in the wrong place) are never repeated.
    """
    location: Location = error["loc"]
    path = prefix + ".".join(str(part) for part in location)
    if error["type"] == "extra_forbidden":
        known = ", ".join(_fields(model, location[:-1]))
        return f"{path or 'the file'}: there is no such setting (known here: {known or 'none'})"
    plain = _PLAIN.get(error["type"])
    if plain is None:
        said = str(error["msg"]).removeprefix("Value error, ")
    else:
        said = plain.format(path=path, **error.get("ctx", {}))
    given = error.get("input")
    shown = isinstance(given, str | int | float) and given != "" and not _secret(model, location)
    return f"{path or 'the file'}: {said}" + (f", not {given!r}" if shown else "")


def _fields(model: type[BaseModel], location: Location) -> Sequence[str]:
    for part in location:
        if isinstance(part, int):
            continue  # one of a list, whose kind is known already
        inner = model.model_fields[part].annotation if part in model.model_fields else None
        inner = get_args(inner)[0] if get_origin(inner) is list else inner
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return ()
        model = inner
    return list(model.model_fields)


def _secret(model: type[BaseModel], location: Location) -> bool:
    field = model.model_fields.get(str(location[-1])) if location else None
    return field is not None and field.annotation is SecretStr


def unreadable_text(value: Any, path: str = "") -> Iterator[str]:
    """A sentence for every text in plain data that no file name or title can be."""
    if isinstance(value, str):
        if "\0" in value:
            yield f"{path}: has a NUL character in it"
        elif not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
            yield f"{path}: has bytes in it that are no UTF-8 text (rename the file)"
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from unreadable_text(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value, start=1):
            yield from unreadable_text(inner, f"{path}.{number}")
