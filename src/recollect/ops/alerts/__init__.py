"""Alerts that Alertmanager hands on: read, written down, and passed on to chats."""
