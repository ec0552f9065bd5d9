#!/usr/bin/env bash
# Says whether recollect is well: scripts/health-check.sh [URL]; exit code 1 when it is not, 5 when it does not answer.
set -euo pipefail
cd "$(dirname "$0")/../deploy"
port=$(sed -n 's/^MEMORY_API_PORT=//p' .env 2>/dev/null || true)
url=${1:-http://127.0.0.1:${port:-37777}}
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
status=$(curl --silent --max-time 10 --output "$answer" --write-out '%{http_code}' "$url/health" || true)
if [ "$status" = 000 ]; then
    echo "$url does not answer" >&2
    exit 5
fi
cat "$answer"
echo
[ "$status" = 200 ]
