#!/usr/bin/env bash
# Shows the containers' logs and goes on as they grow: scripts/logs.sh [SERVICE…]
set -euo pipefail
cd "$(dirname "$0")/../deploy"
exec docker compose --profile local --profile team --profile edge --profile observe logs --follow --tail "${TAIL:-200}" "$@"
