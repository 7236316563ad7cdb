"""Settings: four sources in order, and errors that say which value of which source is wrong."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import msgspec
import pytest

from fks.kernel.settings import Secret, Settings, SettingsFault, hide_password


class Colour(enum.Enum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


class Limits(msgspec.Struct, frozen=True):
    """A table in a section."""

    orders: int = 1
    tags: tuple[str, ...] = ()


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """A section with a field of each kind."""

    port: Annotated[int, msgspec.Meta(ge=1)] = 8000
    quiet: bool = False
    folder: Path = Path("x")
    key: Secret = Secret("")
    token: str = ""
    limits: Limits = Limits()
    colour: Colour = Colour.RED
    weights: dict[str, int] = {}
    maximum: int | None = None


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home folder with a place for secrets."""
    (tmp_path / "secrets").mkdir()
    return tmp_path


def load(home: Path, toml: str = "", *, overrides: dict | None = None, **environ: str) -> Settings:
    """Load the section from a file and an environment."""
    (home / "fks.toml").write_text(toml, encoding="utf-8")
    return Settings.load({"desk": Desk}, home=home, environ=environ, overrides=overrides)


def desk(*args: object, **kwargs: object) -> Desk:
    """Return the loaded section."""
    return load(*args, **kwargs).section("desk", Desk)  # type: ignore[arg-type]


def test_each_source_wins_over_the_one_before(home: Path) -> None:
    """Lost: an operator's environment or secret would be ignored."""
    (home / "secrets/desk__port").write_text("4\n")
    secrets = {"FKS_SECRETS_DIR": str(home / "secrets")}
    assert desk(home).port == 8000
    assert desk(home, "[desk]\nport=2").port == 2
    assert desk(home, "[desk]\nport=2", FKS__DESK__PORT="3").port == 3
    assert desk(home, "[desk]\nport=2", FKS__DESK__PORT="3", **secrets).port == 4
    chosen = {"desk": {"port": 5}}
    assert desk(home, FKS__DESK__PORT="3", overrides=chosen, **secrets).port == 5


def test_text_of_the_environment_becomes_what_its_field_is(home: Path) -> None:
    """Lost: every field that is not text could be set in the file only."""
    got = desk(
        home,
        FKS__DESK__QUIET="true",
        FKS__DESK__FOLDER="/y",
        FKS__DESK__LIMITS__TAGS='["a", "b"]',
        FKS__DESK__LIMITS__ORDERS="7",
        FKS__DESK__COLOUR="blue",
        FKS__DESK__WEIGHTS__ES="3",
        FKS__DESK__MAXIMUM="9",
        FKS__DESK__TOKEN="123",
    )
    assert got == Desk(
        quiet=True,
        folder=Path("/y"),
        limits=Limits(orders=7, tags=("a", "b")),
        colour=Colour.BLUE,
        weights={"es": 3},
        maximum=9,
        token="123",
    )


@pytest.mark.parametrize(
    ("toml", "environ", "message"),
    [
        ("[desk]\nport='x'", {}, "fks.toml: desk.port: Expected int, got str"),
        ("[desk]\nport=0", {}, "fks.toml: desk.port: Expected int >= 1"),
        ("[desk.limits]\norders='x'", {}, "fks.toml: desk.limits.orders: Expected int, got str"),
        ("[desk]\nlimits=3", {}, "fks.toml: desk.limits: Expected object, got int"),
        ("[desk]\nfolder=3", {}, "fks.toml: desk.folder: Expected str, got int"),
        ("[desk.limits]\nq=3", {}, "fks.toml: desk.limits.q: no such key; desk.limits has"),
        ("[desk]\nnope=3", {}, "fks.toml: desk.nope: no such key; desk has colour, folder"),
        ("[q]\nnope=3", {}, "fks.toml: q: no such section; there are desk"),
        ("[q]", {}, "fks.toml: q: no such section; there are desk"),
        ("desk=3", {}, "fks.toml: desk: a section holds keys, not a value"),
        ("[desk", {}, "fks.toml: not TOML: Expected ']'"),
        ("", {"FKS__DESK__PORT": "x"}, "environment FKS__DESK__PORT: desk.port: Expected int"),
        ("", {"FKS__DESK__WEIGHTS__ES": "x"}, "FKS__DESK__WEIGHTS__ES: desk.weights.es: Expected"),
        ("", {"FKS__DESK__COLOUR": "no"}, "environment FKS__DESK__COLOUR: desk.colour: Invalid"),
        ("", {"FKS__NO__KEY": "x"}, "environment FKS__NO__KEY: no: no such section"),
    ],
)
def test_an_error_names_source_and_path(
    home: Path, toml: str, environ: dict[str, str], message: str
) -> None:
    """Lost: the operator would search four sources for one wrong value."""
    with pytest.raises(SettingsFault) as caught:
        load(home, toml, **environ)
    assert message in caught.value.message
    assert "\n" not in caught.value.message


def test_a_named_file_must_exist_and_the_default_one_may_not(tmp_path: Path) -> None:
    """Lost: a misspelt --config would start with the defaults."""
    assert Settings.load({"desk": Desk}, home=tmp_path, environ={}).sources() == {}
    with pytest.raises(SettingsFault, match=r"gone\.toml: no such file"):
        Settings.load({"desk": Desk}, home=tmp_path, config=tmp_path / "gone.toml", environ={})


def test_a_secret_shows_itself_nowhere_but_on_demand(home: Path) -> None:
    """Lost: a password would stand in a log, a traceback or /info."""
    for name in ("key", "token"):
        (home / f"secrets/desk__{name}").write_text("hush-hush\n")
    settings = load(home, FKS_SECRETS_DIR=str(home / "secrets"))
    section = settings.section("desk", Desk)
    assert section.key.reveal() == "hush-hush"
    shown = f"{settings!r} {settings.masked()} {section.key!r} {section.key} {settings.sources()}"
    assert "hush" not in shown
    assert settings.masked()["desk"]["key"] == settings.masked()["desk"]["token"] == "********"


def test_an_unreadable_secrets_folder_is_an_error(home: Path) -> None:
    """Lost: a wrong mount would start the process without its secrets."""
    with pytest.raises(SettingsFault, match=r"FKS_SECRETS_DIR=.*gone: cannot be read"):
        load(home, FKS_SECRETS_DIR=str(home / "gone"))


def test_sections_are_frozen(home: Path) -> None:
    """Lost: one context could change what another was started with."""
    with pytest.raises(AttributeError):
        desk(home).port = 1  # type: ignore[misc]


def test_a_url_loses_its_password_for_people() -> None:
    """Lost: the start banner would print the database password."""
    assert hide_password("postgresql://u:p@h:5/d") == "postgresql://u:***@h:5/d"
    assert hide_password("nats://127.0.0.1:4222") == "nats://127.0.0.1:4222"
    assert hide_password("sqlite:////a/b.db") == "sqlite:////a/b.db"
