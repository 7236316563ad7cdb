"""Settings: defaults < file < environment < secrets < command line, one Struct a section.

Every value keeps where it came from, so that an error can say so: `fks.toml: http.port: Expected
int, got str`. A key or a section that nobody owns is an error, not a surprise. Values of type
`Secret` never show themselves.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import (
    Any,
    NamedTuple,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from fks.kernel.errors import Invalid

__all__ = ["FILE_NAME", "Secret", "Settings", "SettingsFault", "hide_password"]

T = TypeVar("T")

FILE_NAME = "fks.toml"
ENVIRONMENT_PREFIX = "FKS__"
SECRETS_VARIABLE = "FKS_SECRETS_DIR"
MASK = "********"
_SECRET_LIMIT = 64 * 1024


class SettingsFault(Invalid):
    """A setting cannot be used."""

    code = "settings.invalid"


class Secret:
    """A text that does not show itself in logs, reprs or `info`; `reveal` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself, for the one place that needs it."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({MASK!r})" if self._text else "Secret('')"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


def hide_password(url: str) -> str:
    """Return a URL without the password it may carry, for banners and `info`."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    credentials, at, host = authority.rpartition("@")
    if not at:
        return url
    user, colon, _ = credentials.partition(":")
    return f"{scheme}{separator}{user}{':***' if colon else ''}@{host}{slash}{path}"


class _Given(NamedTuple):
    """A raw value, where it came from, and whether it is text that stands for something else."""

    value: Any
    source: str
    text: bool = False


_Path = tuple[str, ...]


class Settings:
    """All sections, decoded and checked when made; frozen from then on."""

    def __init__(
        self,
        sections: Mapping[str, type[Any]],
        given: Mapping[_Path, _Given] | None = None,
    ) -> None:
        self._kinds = dict(sections)
        self._given = dict(given or {})
        for path, entry in self._given.items():
            if path[0] not in self._kinds:
                known = ", ".join(sorted(self._kinds))
                raise SettingsFault(
                    f"{entry.source}: {path[0]}: no such section; there are {known}"
                )
        self._values = {name: self._decode(name, kind) for name, kind in self._kinds.items()}

    @classmethod
    def load(
        cls,
        sections: Mapping[str, type[Any]],
        *,
        home: Path,
        config: Path | None = None,
        environ: Mapping[str, str] | None = None,
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Settings:
        """Read all sources. Raises `Invalid` naming source and path of what cannot be used.

        `config` must exist when given; `fks.toml` in `home` may be absent. `overrides` are the
        command line's values by section.
        """
        environ = os.environ if environ is None else environ
        given: dict[_Path, _Given] = {}
        given.update(_from_file(config, home))
        given.update(_from_environment(environ))
        given.update(_from_secrets(environ.get(SECRETS_VARIABLE, "")))
        for section, values in (overrides or {}).items():
            for key, value in values.items():
                given[section, key] = _Given(value, "command line")
        return cls(sections, given)

    def section(self, name: str, kind: type[T]) -> T:
        """Return a section; asking for one nobody declared, or as another kind, is a bug."""
        value = self._values.get(name)
        assert value is not None, f"no plugin declares the settings section {name!r}"
        assert type(value) is kind, f"[{name}] is {type(value).__name__}, not {kind.__name__}"
        return value

    def masked(self) -> dict[str, Any]:
        """Return all values as plain data with the secrets hidden, for people and `info`."""
        shown: dict[str, Any] = {
            name: msgspec.to_builtins(value, enc_hook=_show) for name, value in self._values.items()
        }
        for path, entry in self._given.items():
            if entry.source.startswith("secret "):
                _hide(shown, path)
        return shown

    def sources(self) -> dict[str, str]:
        """Return where each value that is not a default came from, by dotted path."""
        return {".".join(path): entry.source for path, entry in sorted(self._given.items())}

    def __repr__(self) -> str:
        return f"Settings({self.masked()!r})"

    def _decode(self, name: str, kind: type[Any]) -> Any:
        """Return one section from its raw values."""
        raw: dict[str, Any] = {}
        for path, entry in self._given.items():
            if path[0] == name and not (len(path) == 1 and entry.value == {}):
                self._check_key(path, entry, kind)
                _put(raw, path[1:], self._value(path, entry, kind))
        try:
            return msgspec.convert(raw, kind, dec_hook=_build)
        except msgspec.ValidationError as error:
            raise self._fault(name, error) from None

    def _check_key(self, path: _Path, entry: _Given, kind: type[Any]) -> None:
        """Refuse a key that the section, or a Struct nested in it, does not have."""
        if len(path) == 1:
            raise SettingsFault(f"{entry.source}: {path[0]}: a section holds keys, not a value")
        current: Any = kind
        for depth, key in enumerate(path[1:], start=1):
            fields = _fields(current)
            if fields is not None and key not in fields:
                known = ", ".join(sorted(fields)) or "none"
                raise SettingsFault(
                    f"{entry.source}: {'.'.join(path[: depth + 1])}: no such key; "
                    f"{'.'.join(path[:depth])} has {known}"
                )
            current = _below(current, key)

    def _value(self, path: _Path, entry: _Given, kind: type[Any]) -> Any:
        """Return the value as plain data; text of the environment becomes what its field is."""
        if not entry.text:
            return entry.value
        target: Any = kind
        for key in path[1:]:
            target = _below(target, key)
        try:
            value = msgspec.convert(_loose(entry.value), target, strict=False, dec_hook=_build)
        except msgspec.ValidationError:
            try:
                value = msgspec.convert(entry.value, target, strict=False, dec_hook=_build)
            except msgspec.ValidationError as error:
                message = str(error).partition(" - at ")[0].replace("`", "")
                raise SettingsFault(f"{entry.source}: {'.'.join(path)}: {message}") from None
        return msgspec.to_builtins(value, enc_hook=_keep)

    def _fault(self, name: str, error: msgspec.ValidationError) -> SettingsFault:
        """Say in one line which value of which source is wrong."""
        message, _, where = str(error).partition(" - at `$")
        where = where.rstrip("`")
        steps = (name, *(step for step in where.replace("[...]", "").split(".") if step))
        plain = tuple(step.partition("[")[0] for step in steps)
        inside = [path for path in self._given if path == plain[: len(path)]]
        beneath = [path for path in self._given if path[: len(plain)] == plain]
        nearest = max(inside, key=len, default=None) or next(iter(beneath), None)
        source = "defaults" if nearest is None else self._given[nearest].source
        return SettingsFault(f"{source}: {name}{where}: {message.replace('`', '')}")


def _from_file(config: Path | None, home: Path) -> dict[_Path, _Given]:
    """Read the file; only one that was asked for must exist."""
    path = home / FILE_NAME if config is None else config
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if config is None:
            return {}
        raise SettingsFault(f"{path}: no such file", code="settings.no_file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsFault(f"{path}: cannot be read: {error}", code="settings.no_file") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsFault(f"{path}: not TOML: {error}") from None
    return {keys: _Given(value, path.name) for keys, value in _leaves(tree)}


def _from_environment(environ: Mapping[str, str]) -> dict[_Path, _Given]:
    """Read `FKS__SECTION__FIELD`."""
    given = {}
    for name, value in sorted(environ.items()):
        if name.startswith(ENVIRONMENT_PREFIX):
            path = tuple(name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"))
            given[path] = _Given(value, f"environment {name}", text=True)
    return given


def _from_secrets(folder: str) -> dict[_Path, _Given]:
    """Read the files `section__field` of the secrets folder; one final line end is dropped."""
    if not folder:
        return {}
    given = {}
    try:
        for file in sorted(Path(folder).iterdir()):
            if "__" not in file.name or file.name.startswith(".") or not file.is_file():
                continue
            if file.stat().st_size > _SECRET_LIMIT:
                raise SettingsFault(f"secret {file.name}: larger than {_SECRET_LIMIT} bytes")
            text = file.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
            given[tuple(file.name.lower().split("__"))] = _Given(
                text, f"secret {file.name}", text=True
            )
    except (OSError, UnicodeDecodeError) as error:
        message = f"{SECRETS_VARIABLE}={folder}: cannot be read: {error}"
        raise SettingsFault(message, code="settings.no_secrets") from None
    return given


def _leaves(tree: Mapping[str, Any], above: _Path = ()) -> Iterator[tuple[_Path, Any]]:
    """Yield every value of nested tables with its path; an empty table is a value."""
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*above, key))
        else:
            yield (*above, key), value


def _put(tree: dict[str, Any], path: _Path, value: Any) -> None:
    """Set a value in nested dicts."""
    for key in path[:-1]:
        below = tree.get(key)
        if not isinstance(below, dict):
            below = tree[key] = {}
        tree = below
    tree[path[-1]] = value


def _fields(kind: Any) -> dict[str, Any] | None:
    """Return the field types of a Struct (or of the one in an optional), None for others."""
    if get_origin(kind) in (Union, UnionType):
        found = [fields for fields in map(_fields, get_args(kind)) if fields is not None]
        return found[0] if len(found) == 1 else None
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return None
    hints = get_type_hints(kind, include_extras=True)
    names = zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True)
    return {encoded: hints[name] for name, encoded in names}


def _below(kind: Any, key: str) -> Any:
    """Return the type of what lies under `key`, `Any` where the type does not say."""
    fields = _fields(kind)
    if fields is not None:
        return fields.get(key, Any)
    origin, arguments = get_origin(kind), get_args(kind)
    if isinstance(origin, type) and issubclass(origin, Mapping) and len(arguments) == 2:
        return arguments[1]
    return Any


def _loose(text: str) -> Any:
    """Read lists and tables written as JSON; any other text stays what it is."""
    if text[:1] in ("[", "{"):
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError:
            return text
    return text


def _build(kind: type[Any], value: Any) -> Any:
    """Make the types that msgspec does not know."""
    if isinstance(value, kind):
        return value
    if kind not in (Path, Secret):
        raise NotImplementedError(f"settings cannot hold {kind.__name__}")
    if not isinstance(value, str):
        raise TypeError(f"Expected str, got {type(value).__name__}")
    return kind(value)


def _keep(value: Any) -> Any:
    """Return the plain form of a path or secret, from which it is made again."""
    return value.reveal() if isinstance(value, Secret) else str(value)


def _show(value: Any) -> Any:
    """Return what a person may see of a value."""
    if isinstance(value, Secret):
        return MASK if value else ""
    return str(value)


def _hide(tree: dict[str, Any], path: _Path) -> None:
    """Mask the value at a path, and with a table all that is in it."""
    current: Any = tree
    for key in path[:-1]:
        current = current.get(key) if isinstance(current, dict) else None
    if isinstance(current, dict) and path[-1] in current:
        current[path[-1]] = MASK
