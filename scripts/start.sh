#!/usr/bin/env bash
# Starts recollect in containers and waits until it is ready: scripts/start.sh [local|team|edge], local unless PROFILE says otherwise.
set -euo pipefail
cd "$(dirname "$0")/../deploy"
profile=${1:-${PROFILE:-local}}
case $profile in local | team | edge) ;; *)
    echo "There is no profile $profile: local, team or edge" >&2
    exit 2
    ;;
esac
docker compose version >/dev/null 2>&1 || {
    echo "Docker with Compose 2.24 or later is needed; without containers it is: recollect serve" >&2
    exit 1
}
if [ ! -e .env ]; then
    (umask 077 && cp .env.example .env)
    for name in POSTGRES_PASSWORD GRAFANA_PASSWORD; do
        sed -i.old "s/^$name=\$/$name=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')/" .env && rm -f .env.old
    done
    echo "deploy/.env was made, with new passwords; look at it"
fi
mkdir -p secrets
for name in prometheus-token alert-token; do [ -e "secrets/$name" ] || : >"secrets/$name"; done
docker compose --profile "$profile" up --detach --wait
echo "recollect is ready at http://127.0.0.1:$(sed -n 's/^MEMORY_API_PORT=//p' .env)"
