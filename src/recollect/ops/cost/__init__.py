"""What memory costs a month: measured rates, a load, prices, and what changes with the settings."""
