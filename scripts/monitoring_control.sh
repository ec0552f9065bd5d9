#!/usr/bin/env bash
# Starts, stops and looks after the profile `observe`: scripts/monitoring_control.sh start|stop|restart|status|logs|check
set -euo pipefail
cd "$(dirname "$0")/../deploy"
services=(prometheus node alertmanager alerts grafana loki alloy logs)

observe() { docker compose --profile observe "$@"; }

check() {
    local tool
    for tool in promtool amtool; do
        command -v "$tool" >/dev/null || { echo "$tool is not here; the containers check as they start" >&2 && return 0; }
    done
    promtool check rules prometheus/rules/*.yml
    promtool test rules prometheus/rules_test.yml
    promtool check config --syntax-only prometheus/prometheus.yml
    amtool check-config alertmanager/alertmanager.yml
}

begin() {
    for name in prometheus-token alert-token; do
        [ -s "secrets/$name" ] || { echo "deploy/secrets/$name is empty: docs/operations/watch.md says how to make it" >&2 && exit 1; }
    done
    check
    observe up --detach "${services[@]}"
}

case ${1:-} in
start) begin ;;
stop) observe stop "${services[@]}" ;;
restart) check && observe restart "${services[@]}" ;;
status) observe ps "${services[@]}" ;;
logs) observe logs --follow --tail 100 "${services[@]}" ;;
check) check ;;
*)
    sed -n '2s/^# //p' "../scripts/monitoring_control.sh" >&2
    exit 2
    ;;
esac
