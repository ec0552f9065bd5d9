"""`recollect encrypt`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from recollect.cli.opened import settings_of
from recollect.cli.options import Common, verb
from recollect.cli.out import emit
from recollect.cli.progress import Bar
from recollect.ops.encrypt import DECRYPTED, ENCRYPTED, NOTHING, READY, ROTATED, Done, decrypt, encrypt, key_in, rotate

SAID: Final = {
    ENCRYPTED: "encrypted with the key in {key}: {rows:,} rows in {tables} tables, each compared with the old file",
    ROTATED: "encrypted anew: {rows:,} rows in {tables} tables, each compared with the old file",
    DECRYPTED: "no longer encrypted: {rows:,} rows in {tables} tables, each compared with the old file",
    READY: "there is no store yet: it will be encrypted with the key in {key} from its first memory on",
    NOTHING: "it is encrypted already, with the key in {key}",
}
NEXT: Final = {
    ENCRYPTED: "the old file was overwritten and removed; copies, snapshots and flash cells may hold it still\n"
    "keep the key safe: without it nobody can read the store, we neither",
    ROTATED: "the old key opens nothing here any more; older copies of the file it does",
    DECRYPTED: "now take {key} out of the settings",
    READY: "keep the key safe: without it nobody can read the store, we neither",
}


@verb("encrypt")
@click.option("--rotate", "rotated", is_flag=True, help="Give the store another key.")
@click.option("--off", is_flag=True, help="Take the encryption away.")
@click.option(
    "--new-key-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --rotate: a file that holds the new key [one is made].",
)  # fmt: skip
def command(common: Common, rotated: bool, off: bool, new_key_file: Path | None) -> None:
    """Encrypt the store with the key that the settings name (store.key, store.key_file or store.keyring).

    It is made anew beside the old one, compared row by row, and exchanged by one rename. Nobody else may use it
    meanwhile: stop the server first.
    """
    if rotated and off:
        raise click.UsageError("--rotate and --off cannot be asked for at once.")
    if new_key_file is not None and not rotated:
        raise click.UsageError("--new-key-file goes with --rotate.")
    settings = settings_of(common)
    with Bar("comparing") as bar:
        if rotated:
            done = rotate(settings, None if new_key_file is None else key_in(new_key_file), bar)
        else:
            done = (decrypt if off else encrypt)(settings, bar)
    if common.as_json:
        emit(asdict(done))
    else:
        _tell(done)


def _tell(done: Done) -> None:
    click.echo(SAID[done.what].format(**asdict(done)))
    if done.swept:
        click.echo(f"{done.swept} files that an earlier attempt left behind were overwritten and removed")
    if done.what in NEXT:
        click.echo(NEXT[done.what].format(key=done.key))
    if done.what == ROTATED and done.by_hand:
        click.echo(f"change {done.key} to the new key now: the old one does not open the store")
