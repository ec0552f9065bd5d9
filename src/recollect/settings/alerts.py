"""Where alerts go that Alertmanager hands on."""

from __future__ import annotations

from pydantic import Field, SecretStr

from recollect.settings.part import Part


class AlertsSettings(Part):
    """What `recollect alerts` asks of Alertmanager, and where it passes alerts on to; the addresses are secrets."""

    token: SecretStr | None = Field(None, description="what Alertmanager must show; none: only this machine may call")
    slack: SecretStr | None = Field(None, description="an incoming webhook of Slack")
    dingtalk: SecretStr | None = Field(None, description="a robot of DingTalk")
    dingtalk_secret: SecretStr | None = Field(None, description="what the robot's calls are signed with")
    feishu: SecretStr | None = Field(None, description="a robot of Feishu or Lark")
    feishu_secret: SecretStr | None = Field(None, description="what the robot's calls are signed with")
    wecom: SecretStr | None = Field(None, description="a robot of a WeCom group")
    timeout: float = Field(10.0, gt=0, le=60, description="seconds a webhook may take to answer")
