"""A store is encrypted, given other keys and opened again; whoever is killed when, it is whole and cannot be read."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import keyring
import pytest
from click.testing import CliRunner
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

from recollect import AsyncMemory
from recollect.cli.main import cli
from recollect.errors import ConfigError, InvalidInput, StoreBusy, StoreDamaged, StoreError, StoreFull
from recollect.hooks import spool
from recollect.ops.check import Check, Status
from recollect.ops.doctor import examine
from recollect.ops.encrypt import DECRYPTED, ENCRYPTED, NOTHING, READY, ROTATED, decrypt, encrypt, key_in, rotate
from recollect.settings import Settings, load
from recollect.stores.sql.head import Form, form_of
from recollect.stores.sqlcipher.key import Key, new_key
from recollect.stores.sqlcipher.places import KeyFile

ROTATOR = Path(__file__).with_name("rotator.py")
TEXTS = [f"Zebrafink number {number} lives in 新加坡 beside the harbour" for number in range(40)]
PIECES = [b"Zebrafink", b"zebrafink", "新加坡".encode(), b"harbour"]
PASSPHRASE = "correct horse battery staple"


def quiet(done: int, total: int | None, note: str = "") -> None:
    """Hear of progress, and say nothing."""


def named(home: Path, **store: object) -> Settings:
    return load(home, {"store": store, "embedder": {"provider": "none"}}).settings


async def fill(settings: Settings) -> None:
    async with AsyncMemory(settings=settings, worker=False) as memory:
        await memory.add_all([{"text": text} for text in TEXTS])


async def held(settings: Settings) -> list[str]:
    async with AsyncMemory(settings=settings, worker=False) as memory:
        return sorted(item.text for item in (await memory.list(limit=100)).memories)


def readable(*folders: Path) -> list[tuple[str, bytes]]:
    """Return which files hold which pieces of the texts."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [(path.name, piece) for path in files for piece in PIECES if piece in path.read_bytes()]


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "store.key"


@pytest.fixture
def settings(home: Path, key_file: Path) -> Settings:
    return named(home, key_file=key_file)


@pytest.fixture
async def closed(home: Path, settings: Settings) -> Settings:
    """A store that was plain, filled, and encrypted since."""
    await fill(named(home))
    encrypt(settings, quiet)
    return settings


async def test_a_plain_store_is_encrypted_in_place(home: Path, settings: Settings, key_file: Path) -> None:
    await fill(named(home))
    assert readable(home)
    done = encrypt(settings, quiet)
    assert (done.what, done.rows >= len(TEXTS), done.tables > 10) == (ENCRYPTED, True, True)
    assert readable(home) == []
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.iterdir() if path.name.startswith("recollect.db")] == ["recollect.db"]
    assert await held(settings) == sorted(TEXTS)
    assert encrypt(settings, quiet).what == NOTHING


async def test_a_store_begun_with_a_key_is_encrypted_from_the_first_byte(settings: Settings, home: Path) -> None:
    assert encrypt(settings, quiet).what == READY
    async with AsyncMemory(settings=settings, worker=False) as memory:
        await memory.add_all([{"text": text} for text in TEXTS])
        assert (await memory.search("Zebrafink 7"))[0].memory.text
        assert (home / "recollect.db-wal").stat().st_size > 10_000
        assert readable(home) == []
    assert await held(settings) == sorted(TEXTS)


@pytest.mark.parametrize("text", ["5e" * 32, PASSPHRASE, "口令也可以是中文的，只要足够长。"])
async def test_keys_may_be_digits_or_words(home: Path, text: str) -> None:
    settings = named(home, key=text)
    await fill(named(home))
    encrypt(settings, quiet)
    assert readable(home) == []
    assert await held(settings) == sorted(TEXTS)


async def test_sqlciphers_own_way_with_passphrases_is_ours(home: Path) -> None:
    from sqlcipher3 import dbapi2  # noqa: PLC0415 - only this test goes around the driver

    settings = named(home, key=PASSPHRASE)
    await fill(settings)
    door = dbapi2.connect(settings.database)
    door.execute(f"PRAGMA key = '{PASSPHRASE}'")
    assert door.execute("SELECT count(*) FROM memory").fetchone() == (len(TEXTS),)
    door.close()


async def test_what_does_not_belong_together_is_refused_and_left_alone(home: Path, closed: Settings) -> None:
    before = closed.database.read_bytes()
    for store, said in (
        ({}, "no key is set"),
        ({"key": new_key().text}, "does not open the store"),
        ({"key": PASSPHRASE}, "does not open the store"),
        ({"key_file": home.parent / "nowhere.key"}, "There is no key in"),
        ({"key": "abcabc"}, "too short"),
    ):
        with pytest.raises(ConfigError, match=said) as caught:
            await held(named(home, **store))
        assert caught.value.hint
        assert not any(str(value) in str(caught.value) for name, value in store.items() if name == "key")
    assert closed.database.read_bytes() == before
    decrypt(closed, quiet)
    with pytest.raises(ConfigError, match="is not encrypted") as caught:
        await held(closed)
    assert "recollect encrypt" in caught.value.hint
    assert await held(named(home)) == sorted(TEXTS)


async def test_another_key_is_given_and_the_old_one_opens_nothing(
    closed: Settings, key_file: Path, tmp_path: Path
) -> None:
    old = key_file.read_text()
    assert rotate(closed, None, quiet).what == ROTATED
    assert key_file.read_text() != old
    assert [path.name for path in key_file.parent.iterdir()] == [key_file.name]
    assert await held(closed) == sorted(TEXTS)
    key_file.write_text(old)
    with pytest.raises(ConfigError, match="does not open"):
        await held(closed)
    assert readable(closed.home) == []


async def test_a_key_in_the_settings_is_changed_by_hand(home: Path, tmp_path: Path) -> None:
    settings = named(home, key=PASSPHRASE)
    await fill(settings)
    with pytest.raises(InvalidInput, match="only be changed by you"):
        rotate(settings, None, quiet)
    (tmp_path / "new").write_text("another long passphrase\n")
    assert rotate(settings, key_in(tmp_path / "new"), quiet).by_hand
    assert await held(named(home, key="another long passphrase")) == sorted(TEXTS)


async def test_the_encryption_is_taken_away(home: Path, closed: Settings) -> None:
    assert decrypt(closed, quiet).what == DECRYPTED
    assert await held(named(home)) == sorted(TEXTS)
    assert readable(home)
    with pytest.raises(InvalidInput, match="not encrypted"):
        rotate(closed, None, quiet)


class Ring(KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked("it is locked")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("there is none")


@pytest.fixture
def ring() -> Iterator[Ring]:
    before, made = keyring.get_keyring(), Ring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


async def test_the_keyring_of_the_system_keeps_the_key(home: Path, ring: Ring) -> None:
    settings = named(home, keyring="recollect test")
    await fill(named(home))
    encrypt(settings, quiet)
    assert list(ring.kept) == [("recollect test", "store")]
    first = ring.kept["recollect test", "store"]
    rotate(settings, None, quiet)
    assert list(ring.kept) == [("recollect test", "store")]
    assert ring.kept["recollect test", "store"] != first
    assert await held(settings) == sorted(TEXTS)
    ring.locked = True
    with pytest.raises(ConfigError, match="keyring does not give"):
        await held(settings)


async def test_settings_before_file_before_keyring(home: Path, key_file: Path, ring: Ring) -> None:
    await fill(named(home, key=PASSPHRASE))
    KeyFile(key_file).put(new_key())
    ring.set_password("name", "store", new_key().text)
    every = {"key": PASSPHRASE, "key_file": key_file, "keyring": "name"}
    assert await held(named(home, **every)) == sorted(TEXTS)
    for left in ("key", "key_file"):
        every.pop(left)
        with pytest.raises(ConfigError, match=f"The key in store.{next(iter(every))}"):
            await held(named(home, **every))


def test_a_store_that_is_open_elsewhere_is_not_touched(home: Path, settings: Settings) -> None:
    asyncio.run(fill(named(home)))
    writer = "import sys; from recollect import Memory; m = Memory(sys.argv[1]); print(1, flush=True); sys.stdin.read()"
    other = subprocess.Popen(
        [sys.executable, "-c", writer, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "RECOLLECT_EMBEDDER__PROVIDER": "none"},
    )  # fmt: skip
    assert other.stdout is not None
    assert other.stdout.readline() == b"1\n"
    with pytest.raises(StoreBusy, match="has the store open"):
        encrypt(settings, quiet)
    other.communicate()
    assert asyncio.run(held(named(home))) == sorted(TEXTS)
    assert encrypt(settings, quiet).what == ENCRYPTED


def killed(home: Path, pause: float, environ: dict[str, str], *once: str) -> int:
    """Have keys exchanged until a moment at random; return how many had been."""
    with subprocess.Popen(
        [sys.executable, str(ROTATOR), str(home), *once], stdout=subprocess.PIPE, env=environ
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        return len(process.stdout.read().splitlines())


async def survive(closed: Settings, key_file: Path, kills: int) -> tuple[int, int]:
    """Return how many rotations came to their end, and how many were cut off so that something was left lying."""
    environ = {**os.environ, "RECOLLECT_STORE__KEY_FILE": str(key_file), "RECOLLECT_EMBEDDER__PROVIDER": "none"}
    seed, done, broken = random.Random(88), 0, 0
    for _ in range(kills):
        done += killed(closed.home, seed.uniform(0, 0.8), environ)
        broken += len(list(closed.home.glob("recollect.db.*"))) > 0
        assert readable(closed.home) == []
        assert await held(closed) == sorted(TEXTS)
        assert readable(closed.home) == []
    assert encrypt(closed, quiet).what == NOTHING
    assert not list(closed.home.glob("recollect.db.*"))
    assert rotate(closed, None, quiet).what == ROTATED
    return done, broken


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
async def test_a_rotation_may_be_killed_at_any_moment(closed: Settings, key_file: Path) -> None:
    await survive(closed, key_file, 2)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
async def test_a_rotation_may_be_killed_many_times(closed: Settings, key_file: Path) -> None:
    done, broken = await survive(closed, key_file, 60)
    assert done > 0
    assert broken > 0


async def first_time(home: Path, settings: Settings, key_file: Path, tries: int) -> set[str]:
    """Encrypt a plain store, and take that back, each killed at a random moment; return how the tries came out."""
    environ = {**os.environ, "RECOLLECT_STORE__KEY_FILE": str(key_file), "RECOLLECT_EMBEDDER__PROVIDER": "none"}
    seed, came = random.Random(15), set[str]()
    await fill(named(home))
    for number in range(tries):
        wanted, do = (("encrypt", encrypt), ("decrypt", decrypt))[number % 2]
        ended = killed(home, seed.uniform(0, 1.0), environ, wanted)
        form = form_of(settings.database)
        there = (form is Form.CLOSED) == (wanted == "encrypt")
        came.add(f"{wanted} {'done' if there else 'not begun or cut off'}{', and told' if ended else ''}")
        assert await held(settings if form is Form.CLOSED else named(home)) == sorted(TEXTS), (wanted, form)
        if not there:
            do(settings, quiet)
        elif wanted == "encrypt":
            encrypt(settings, quiet)  # wipes what was left lying
            assert readable(home) == []
        assert await held(settings if wanted == "encrypt" else named(home)) == sorted(TEXTS)
        if wanted == "encrypt":
            assert readable(home) == []
            assert not list(home.glob("recollect.db.*"))
    return came


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
async def test_the_first_encryption_and_the_last_decryption_may_be_killed(
    home: Path, settings: Settings, key_file: Path
) -> None:
    await first_time(home, settings, key_file, 2)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
async def test_the_first_encryption_and_the_last_decryption_may_be_killed_many_times(
    home: Path, settings: Settings, key_file: Path
) -> None:
    came = await first_time(home, settings, key_file, 24)
    assert any("cut off" in one for one in came), "somebody was killed before the end"


async def test_a_rotation_that_was_cut_off_before_its_last_step_is_ended(closed: Settings, key_file: Path) -> None:
    old, new = key_file.read_text(), new_key()
    rotate(closed, new, quiet)
    KeyFile(key_file).put_next(new)
    key_file.write_text(old)
    assert await held(closed) == sorted(TEXTS)
    assert key_file.read_text().strip() == new.text
    assert [path.name for path in key_file.parent.iterdir()] == [key_file.name]


async def test_an_encryption_that_was_killed_leaves_the_plain_file_to_be_wiped(
    home: Path, settings: Settings, key_file: Path
) -> None:
    await fill(named(home))
    plain = settings.database.read_bytes()
    encrypt(settings, quiet)
    (home / "recollect.db.old").write_bytes(plain)
    (home / "recollect.db.making").write_bytes(b"half of it")
    (warned,) = [
        check for check in await examine(settings) if check.name == "encryption" and "broken off" in check.detail
    ]
    assert warned.remedy == "recollect encrypt"
    assert encrypt(settings, quiet).swept == 2
    assert readable(home) == []


async def test_a_second_name_of_the_store_itself_is_not_wiped(closed: Settings) -> None:
    os.link(closed.database, closed.home / "recollect.db.old")
    assert encrypt(closed, quiet).swept == 1
    assert await held(closed) == sorted(TEXTS)


async def test_what_is_no_database_is_left_alone(home: Path, settings: Settings) -> None:
    home.mkdir()
    settings.database.write_bytes(b"a shopping list")
    for do in (encrypt, decrypt):
        with pytest.raises(StoreDamaged):
            do(settings, quiet)
    assert settings.database.read_bytes() == b"a shopping list"


async def test_a_damaged_page_is_noticed_and_nothing_is_exchanged(closed: Settings, key_file: Path) -> None:
    content = bytearray(closed.database.read_bytes())
    content[len(content) // 2] ^= 1
    closed.database.write_bytes(content)
    with pytest.raises(StoreError):
        rotate(closed, None, quiet)
    assert closed.database.read_bytes()[: len(content)] == bytes(content)


async def test_no_room_is_told_before_anything_is_written(closed: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(StoreFull, match="Nothing was changed"):
        rotate(closed, None, quiet)


async def test_a_store_in_postgresql_is_not_ours_to_encrypt(home: Path) -> None:
    with pytest.raises(InvalidInput, match="PostgreSQL"):
        encrypt(named(home, url="postgresql://nobody@localhost/x", key=PASSPHRASE), quiet)
    with pytest.raises(ConfigError, match="No key is set"):
        encrypt(named(home), quiet)


async def test_backups_of_an_encrypted_store_are_made_and_restored(
    closed: Settings, key_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "passphrase").write_text("a passphrase of the backup")
    sealed = ["--passphrase-file", str(tmp_path / "passphrase")]
    other = closed.model_copy(update={"home": tmp_path / "other"})
    environ: dict[str, str | None] = {
        "RECOLLECT_STORE__KEY_FILE": str(key_file), "RECOLLECT_EMBEDDER__PROVIDER": "none",
    }  # fmt: skip
    for command in (
        ["--home", str(closed.home), "backup", "--to", str(tmp_path / "backup"), *sealed],
        ["--home", str(closed.home), "restore", "--from", str(tmp_path / "backup"), "--to", str(other.home), *sealed],
    ):
        done = await asyncio.to_thread(CliRunner().invoke, cli, command, env=environ)
        assert done.exit_code == 0, done.output
    assert await held(other) == sorted(TEXTS)
    assert readable(tmp_path) == []
    plain = named(tmp_path / "plain")
    command = ["--home", str(plain.home), "restore", "--from", str(tmp_path / "backup"), "--to", str(plain.home)]
    done = await asyncio.to_thread(
        CliRunner().invoke, cli, [*command, *sealed], env={**environ, "RECOLLECT_STORE__KEY_FILE": None}
    )
    assert done.exit_code == 0, done.output
    assert form_of(plain.database) is Form.PLAIN, "no key is set where it was restored"
    assert await held(plain) == sorted(TEXTS)


async def test_what_is_deleted_is_gone_from_the_files(closed: Settings) -> None:
    async with AsyncMemory(settings=closed) as memory:
        await memory.forget(user_id="default")
        await memory.drain()
    assert await held(closed) == []
    assert readable(closed.home) == []


def told(checks: list[Check]) -> dict[Status, list[str]]:
    found: dict[Status, list[str]] = {}
    for check in checks:
        if check.name == "encryption":
            found.setdefault(check.status, []).append(check.detail)
    return found


async def test_the_doctor_tells_how_it_lies_on_disk(home: Path, closed: Settings, key_file: Path) -> None:
    assert told(await examine(closed)) == {Status.OK: [f"SQLCipher (AES-256), key in store.key_file ({key_file})"]}
    key_file.chmod(0o644)
    inside = home / "store.key"
    inside.write_text(key_file.read_text())
    inside.chmod(0o600)
    spool.open_to_all(str(home))
    spool.put(str(home), "claude-code", "Stop", "1-1-a", b"{}")
    careless = closed.model_copy(update={"backup": closed.backup.model_copy(update={"to": "/backups"})})
    assert len(told(await examine(careless))[Status.WARN]) == 3
    beside = named(home, key_file=inside)
    assert "lies beside" in told(await examine(beside))[Status.WARN][0]
    decrypt(closed, quiet)
    assert "off" in told(await examine(named(home)))[Status.OK][0]


async def test_hooks_keep_nothing_in_the_clear(home: Path, closed: Settings) -> None:
    await held(closed)
    spool.put(str(home), "claude-code", "Stop", "1-1-a", b'{"prompt": "Zebrafink"}')
    place = spool.folder(str(home))
    assert (spool.pending(place), spool.dropped(place)) == ([], 1)
    assert readable(home) == []
    await held(closed.model_copy(update={"store": closed.store.model_copy(update={"plain_spool": True})}))
    spool.put(str(home), "claude-code", "Stop", "1-1-a", b'{"prompt": "Zebrafink"}')
    assert len(spool.pending(place)) == 1


def test_a_key_never_shows_itself(tmp_path: Path) -> None:
    key = new_key()
    assert key.text not in repr(key)
    loaded = load(tmp_path, {"store": {"key": key.text}})
    assert key.text not in repr(loaded.settings)
    assert key.text not in "".join(f"{one}" for one in loaded.effective())
    assert Key(key.text) == key


@pytest.mark.parametrize("content", [b"", b"  \n", b"\xff\xfe" * 40, b"x" * 5000])
def test_a_key_file_that_holds_none_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(ConfigError):
        KeyFile(tmp_path / "key").read()


def test_a_key_file_is_named_by_its_whole_path(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="whole path"):
        named(tmp_path, key_file="store.key")
