#!/usr/bin/env bash
# Stops the containers, of every profile; what they keep stays. scripts/stop.sh
set -euo pipefail
cd "$(dirname "$0")/../deploy"
docker compose --profile local --profile team --profile edge --profile observe stop
