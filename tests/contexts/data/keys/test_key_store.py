"""Keys on disk: sealed, private, theirs alone, and never lost while the master changes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from fks.contexts.data.store.keys import KeyStore, masked
from fks.contexts.data.store.keys.masters import masters
from fks.kernel.errors import Conflict, FksError, Invalid, NotFound, Unavailable

SECRET = "pk_live_0123456789abcdef"
OTHER = "pk_live_fedcba9876543210"


def stored(home: Path, **environment: str) -> KeyStore:
    """Return the keys of a home, seen from an environment of its own."""
    return KeyStore(home, environment=environment, now_ns=lambda: 1_700_000_000_000_000_000)


def test_a_key_comes_back_and_is_nowhere_in_the_files(tmp_path: Path) -> None:
    """Lost: a key that anyone with a backup of the home can read."""
    keys = stored(tmp_path)
    assert keys.key("polygon") == ""
    assert not (tmp_path / "keys").exists(), "looking makes nothing"
    assert keys.set("polygon", f"  {SECRET}\n").masked == "****cdef"
    assert stored(tmp_path).key("polygon") == SECRET
    content = b"".join(path.read_bytes() for path in (tmp_path / "keys").iterdir())
    assert SECRET.encode() not in content
    assert b"0123456789" not in content


def test_nobody_else_may_read_anything(tmp_path: Path) -> None:
    """Lost: keys for every user of the machine; whatever the umask is."""
    was = os.umask(0)
    try:
        keys = stored(tmp_path)
        keys.set("polygon", SECRET)
        keys.rotate("polygon", OTHER)
        keys.rotate_master()
    finally:
        os.umask(was)
    folder = tmp_path / "keys"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        if path.name != ".lock":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    (folder / "master").chmod(0o640)
    with pytest.raises(Invalid, match="chmod 600") as refused:
        keys.key("polygon")
    assert refused.value.code == "data.bad_master_key"


def test_set_rotate_and_remove_say_what_is_there(tmp_path: Path) -> None:
    """Lost: a key overwritten by mistake, or one that seems replaced and is not."""
    keys = stored(tmp_path)
    with pytest.raises(NotFound, match="keys set polygon"):
        keys.rotate("polygon", SECRET)
    keys.set("polygon", SECRET)
    with pytest.raises(Conflict, match="keys rotate polygon"):
        keys.set("polygon", OTHER)
    with pytest.raises(Conflict):
        keys.rotate("polygon", SECRET)
    assert keys.key("polygon") == SECRET
    assert keys.rotate("polygon", OTHER).rotated_at_ns > 0
    assert keys.key("polygon") == OTHER
    assert [one.provider for one in keys.infos()] == ["polygon"]
    keys.remove("polygon")
    with pytest.raises(NotFound):
        keys.remove("polygon")
    assert keys.infos() == ()


@pytest.mark.parametrize(
    "key", ["", "abc", "a b c d", "käse-käse", "x" * 1025, "ab\x00cd", "a\nbcde"]
)
def test_what_cannot_be_a_key_is_refused_unrepeated(tmp_path: Path, key: str) -> None:
    """Lost: a header that smuggles another one; or a typo shown to everyone who reads the log."""
    with pytest.raises(Invalid) as refused:
        stored(tmp_path).set("polygon", key)
    assert refused.value.code == "data.bad_key"
    assert not key or key not in refused.value.message
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize("name", ["../x", "", "A", "a/b", ".lock", "x" * 65, "a\n"])
def test_a_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    """Lost: a file outside of the folder, written or removed."""
    keys = stored(tmp_path)
    for doing in (
        lambda: keys.set(name, SECRET),
        lambda: keys.key(name),
        lambda: keys.remove(name),
    ):
        with pytest.raises(Invalid):
            doing()


def test_every_changed_byte_is_one_clear_line(tmp_path: Path) -> None:
    """Lost: a traceback, or a key that somebody put in place of yours."""
    keys = stored(tmp_path)
    keys.set("polygon", SECRET)
    path = tmp_path / "keys" / "polygon.key"
    whole = path.read_bytes()
    damages = [whole[:k] + bytes([whole[k] ^ 1]) + whole[k + 1 :] for k in range(0, len(whole), 7)]
    for content in (*damages, b"", whole[:-1], whole * 2, b"\xff" * 99, b"x" * 100_000):
        path.write_bytes(content)
        with pytest.raises(Unavailable) as refused:
            keys.key("polygon")
        assert refused.value.code == "data.key_unreadable"
        assert "\n" not in refused.value.message
        assert "cannot be opened" in keys.infos()[0].fault
        with pytest.raises(Unavailable):
            keys.rotate_master()
    path.write_bytes(whole)
    assert keys.key("polygon") == SECRET


def test_a_key_copied_to_another_name_is_refused(tmp_path: Path) -> None:
    """Lost: one provider's key sent to another."""
    keys = stored(tmp_path)
    keys.set("polygon", SECRET)
    folder = tmp_path / "keys"
    (folder / "evil.key").write_bytes((folder / "polygon.key").read_bytes())
    with pytest.raises(Unavailable):
        keys.key("evil")


def test_a_lost_or_another_master_is_said_and_nothing_is_overwritten(tmp_path: Path) -> None:
    """Lost: a second master made silently, so that the old keys can never be opened again."""
    keys = stored(tmp_path)
    keys.set("polygon", SECRET)
    master = tmp_path / "keys" / "master"
    content = master.read_bytes()
    master.unlink()
    with pytest.raises(Unavailable, match="cannot be opened"):
        keys.key("polygon")
    with pytest.raises(Unavailable, match="is gone"):
        keys.set("alphavantage", OTHER)
    assert not master.exists()
    with pytest.raises(Unavailable, match="cannot be opened"):
        stored(tmp_path, FKS_MASTER_KEY=Fernet.generate_key().decode()).key("polygon")
    keys.remove("polygon")
    keys.set("polygon", SECRET)
    assert master.read_bytes() != content


@pytest.mark.parametrize("text", ["short", "x" * 44, "käse" * 11, ","])
def test_a_master_that_is_none_is_not_repeated(tmp_path: Path, text: str) -> None:
    """Lost: a master key in a log, because it had a typo."""
    with pytest.raises(Invalid) as refused:
        stored(tmp_path, FKS_MASTER_KEY=text).set("polygon", SECRET)
    assert refused.value.code == "data.bad_master_key"
    assert text == "," or text not in refused.value.message
    named = tmp_path / "named"
    named.write_text(text)
    with pytest.raises(Invalid):
        KeyStore(tmp_path, master_file=named, environment={}).set("polygon", SECRET)
    with pytest.raises(Invalid, match="No such file"):
        KeyStore(tmp_path, master_file=tmp_path / "none", environment={}).set("polygon", SECRET)


def test_the_master_changes_and_the_old_one_opens_nothing(tmp_path: Path) -> None:
    """Lost: a rotation after which a stolen old master still opens the keys."""
    keys = stored(tmp_path)
    for name in ("polygon", "alphavantage"):
        keys.set(name, SECRET)
    old = (tmp_path / "keys" / "master").read_text().strip()
    assert keys.rotate_master() == 2
    assert (tmp_path / "keys" / "master").read_text().count("\n") == 1
    assert keys.key("polygon") == SECRET
    for name in ("polygon", "alphavantage"):
        with pytest.raises(Unavailable):
            stored(tmp_path, FKS_MASTER_KEY=old).key(name)


def test_a_master_of_the_owner_is_changed_by_giving_both(tmp_path: Path) -> None:
    """Lost: a way to change a master that lives in an environment or a secret store."""
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    stored(tmp_path, FKS_MASTER_KEY=old).set("polygon", SECRET)
    assert stored(tmp_path, FKS_MASTER_KEY=f"{new},{old}").rotate_master() == 1
    assert stored(tmp_path, FKS_MASTER_KEY=new).key("polygon") == SECRET
    with pytest.raises(Unavailable):
        stored(tmp_path, FKS_MASTER_KEY=old).key("polygon")
    assert not (tmp_path / "keys" / "master").exists()


class _Killed(BaseException):
    """The process ends here."""


def test_killed_anywhere_while_the_master_changes_every_key_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost: all keys, because the machine went down in a rotation."""
    names = [f"provider{k}" for k in range(4)]
    real_fsync, real_replace = os.fsync, Path.replace
    reached = []
    for limit in range(40):
        home = tmp_path / str(limit)
        keys = stored(home)
        for name in names:
            keys.set(name, SECRET + name)
        steps = iter(range(10_000))

        def step(steps: object = steps, limit: int = limit) -> None:
            if next(steps) == limit:  # type: ignore[call-overload]
                raise _Killed

        def fsync(handle: int) -> None:
            step()
            real_fsync(handle)

        def replace(path: Path, target: Path) -> Path:
            step()
            return real_replace(path, target)

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fsync)
            patched.setattr(Path, "replace", replace)
            try:
                keys.rotate_master()
                reached.append(limit)
            except _Killed:
                pass
        assert [stored(home).key(name) for name in names] == [SECRET + name for name in names]
        assert stored(home).rotate_master() == len(names)
        assert [stored(home).key(name) for name in names] == [SECRET + name for name in names]
        assert len((home / "keys" / "master").read_text().split()) == 1
        if reached:
            break
    assert reached == [18], "six files, each written, renamed and synced"


def test_a_full_disk_leaves_the_old_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost: both keys, the old one and the new one."""
    keys = stored(tmp_path)
    keys.set("polygon", SECRET)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(FksError) as refused:
            keys.rotate("polygon", OTHER)
    assert refused.value.code == "data.disk_full"
    assert keys.key("polygon") == SECRET
    keys.rotate("polygon", OTHER)


def test_nothing_shows_a_key_by_itself(tmp_path: Path) -> None:
    """Lost: a key in a log line that prints an object."""
    keys = stored(tmp_path)
    info = keys.set("polygon", SECRET)
    found = masters(tmp_path / "keys", None, {})
    text = f"{keys!r} {info!r} {found!r} {found} {keys.infos()}"
    assert "0123456789" not in text
    assert (tmp_path / "keys" / "master").read_text().strip() not in text
    assert [masked(one) for one in ("abcdefghijk", "abcdefghijkl")] == ["****", "****ijkl"]
