"""`recollect alerts`."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from types import FrameType

import click

from recollect.cli.options import Common, verb
from recollect.ops.alerts import channel
from recollect.ops.alerts.desk import Desk
from recollect.ops.alerts.receive import Receiver
from recollect.settings import AlertsSettings, load, secret


@verb("alerts")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=9095, show_default=True, help="0 takes a free one.")
@click.option("--log", type=click.Path(dir_okay=False, path_type=Path), help="A file [logs/alerts.log of the home].")
@click.option("--try", "trial", is_flag=True, help="Send one line to every chat that is set, and end.")
def command(common: Common, host: str, port: int, log: Path | None, trial: bool) -> None:
    """Receive what Alertmanager tells, write it down, and pass it on to Slack, DingTalk, Feishu and WeCom.

    The settings `alerts.…` name the webhooks; Alertmanager calls http://HOST:PORT/alerts. Every call is a line of
    JSON in the log.
    """
    loaded = load(common.home).settings
    chosen = loaded.alerts
    channels = _channels(chosen)
    if trial:
        for each in channels:
            each.send("recollect: this is how alerts will look.\nNothing is wrong.", chosen.timeout)
            click.echo(f"{each.name} took it")
        if not channels:
            click.echo("no chat is set: see the settings alerts.…")
        return
    desk = Desk(channels, log or loaded.home / "logs" / "alerts.log", _say, timeout=chosen.timeout)
    with Receiver(host, port, desk, secret(chosen.token)) as receiver:
        named = ", ".join(each.name for each in channels) or "nobody; alerts are only written down"
        _say(f"alerts are taken at http://{host}:{receiver.server_port}/alerts and passed on to {named}")
        _until_stopped(receiver)


def _until_stopped(receiver: Receiver) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=receiver.shutdown, daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    receiver.serve_forever(poll_interval=0.2)


def _channels(chosen: AlertsSettings) -> list[channel.Channel]:
    made = []
    if url := secret(chosen.slack):
        made.append(channel.slack(url))
    if url := secret(chosen.dingtalk):
        made.append(channel.dingtalk(url, secret(chosen.dingtalk_secret)))
    if url := secret(chosen.feishu):
        made.append(channel.feishu(url, secret(chosen.feishu_secret)))
    if url := secret(chosen.wecom):
        made.append(channel.wecom(url))
    return made


def _say(text: str) -> None:
    click.echo(text, err=True)
