#!/usr/bin/env bash
# Brings a release into service in seven steps, and says how to go back when one fails.
#   scripts/deploy_production.sh [--use-docker] [--skip-checks] [--skip-backup] [--skip-validation]
# Without containers (systemd) these may be set:
#   RELEASE    what pip installs [recollect[postgres,backup]]: a version, or the path of a wheel
#   PREFIX     the environment it is installed into [/opt/recollect]
#   SETTINGS   the settings of the service [/etc/recollect/recollect.env]
#   PORTS      the servers' ports [37777 37778]
#   ACCOUNT    whom it runs as [recollect]; empty: whoever calls this
# With --use-docker: PROFILE [local], and deploy/.env.
set -euo pipefail
cd "$(dirname "$0")/.."

use_docker='' skip_checks='' skip_backup='' skip_validation=''
for flag in "$@"; do
    case $flag in
    --use-docker) use_docker=1 ;;
    --skip-checks) skip_checks=1 ;;
    --skip-backup) skip_backup=1 ;;
    --skip-validation) skip_validation=1 ;;
    -h | --help)
        sed -n '2,10s/^# \{0,1\}//p' scripts/deploy_production.sh
        exit 0
        ;;
    *)
        echo "There is no flag $flag; --help lists them" >&2
        exit 2
        ;;
    esac
done

release=${RELEASE:-recollect[postgres,backup]} prefix=${PREFIX:-/opt/recollect}
settings=${SETTINGS:-/etc/recollect/recollect.env} account=${ACCOUNT-recollect}
read -r -a ports <<<"${PORTS:-37777 37778}"
profile=${PROFILE:-local} systemctl=${SYSTEMCTL:-systemctl}
case $profile in
local) server=server ;;
team) server=one ;;
edge) server=edge ;;
*)
    echo "There is no profile $profile: local, team or edge" >&2
    exit 2
    ;;
esac
before=unknown stopped='' number=0 workers=()

step() {
    number=$((number + 1))
    printf '\n[%d/7] %s\n' "$number" "$1"
}

failed() {
    local status=$?
    [ "$status" = 0 ] && return
    echo >&2
    echo "Step $number failed. The release before was $before." >&2
    if [ -n "$stopped" ] && [ -z "$use_docker" ]; then
        echo "To go back: RELEASE='recollect[postgres,backup]==$before' $0 --skip-checks --skip-backup" >&2
        echo "If the tables were upgraded: docs/operations/deploy.md, Going back." >&2
    elif [ -n "$stopped" ]; then
        echo "To go back: name the image before in deploy/.env (RECOLLECT_IMAGE), then $0 --use-docker --skip-checks --skip-backup" >&2
    else
        echo "Nothing was stopped, nothing was changed." >&2
    fi
}
trap failed EXIT

# Every line NAME=VALUE, as systemd reads it; nothing of the file is run.
load() {
    local line
    [ -e "$1" ] || return 0
    while IFS= read -r line || [ -n "$line" ]; do
        if [[ $line =~ ^([A-Za-z_][A-Za-z0-9_]*)=(\"(.*)\"|(.*))$ ]]; then
            export "${BASH_REMATCH[1]}=${BASH_REMATCH[3]}${BASH_REMATCH[4]}"
        fi
    done <"$1"
}

recollect() {
    if [ -n "$use_docker" ]; then
        (cd deploy && docker compose --profile "$profile" run --rm --no-deps -T "$server" "$@")
    elif [ -n "$account" ] && [ "$(id -un)" != "$account" ]; then
        runuser --user "$account" --preserve-environment -- "$prefix/bin/recollect" "$@"
    else
        "$prefix/bin/recollect" "$@"
    fi
}

inside() { (cd deploy && docker compose --profile "$profile" exec -T "$server" recollect "$@"); }

ready() {
    local port=$1 left=120
    until curl --silent --fail --max-time 5 --output /dev/null "http://127.0.0.1:$port/health/ready"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || { echo "The server on port $port is not ready after two minutes" >&2 && return 1; }
        sleep 1
    done
    echo "The server on port $port is ready"
}

step "Settings"
if [ -n "$use_docker" ]; then
    [ -e deploy/.env ] || { echo "deploy/.env is not there: copy deploy/.env.example and edit it" >&2 && exit 1; }
    before=$(sed -n 's/^RECOLLECT_IMAGE=//p' deploy/.env)
else
    export RECOLLECT_HOME=${RECOLLECT_HOME:-/var/lib/recollect}
    load "$settings"
    [ -x "$prefix/bin/recollect" ] || { echo "recollect is not installed in $prefix: docs/operations/deploy.md" >&2 && exit 1; }
    before=$("$prefix/bin/recollect" --version | sed 's/.* //')
fi
echo "In service: $before"

step "Check before"
if [ -n "$skip_checks" ]; then
    echo "left out"
else
    if [ -n "$use_docker" ] && [ "$profile" = team ]; then (cd deploy && docker compose --profile team up --detach --wait postgres); fi
    recollect doctor
fi

step "Backup"
if [ -n "$skip_backup" ]; then
    echo "left out"
elif [ -n "$use_docker" ]; then
    # A first deployment has nothing to back up.
    if [ -n "$(cd deploy && docker compose --profile "$profile" ps --quiet "$server")" ]; then
        inside backup --to "${BACKUP_TO:-/data/backups}"
    else
        echo "nothing runs yet"
    fi
else
    recollect backup --to "${RECOLLECT_BACKUP__TO:-$RECOLLECT_HOME/backups}"
fi

step "Stop"
stopped=1
if [ -n "$use_docker" ]; then
    (cd deploy && docker compose --profile "$profile" stop)
else
    # Workers of the old release must not go on over the tables of the new one; those that ran are started again.
    mapfile -t workers < <($systemctl list-units --plain --no-legend --state=active 'recollect-worker@*' | awk '{ print $1 }')
    for unit in "${ports[@]/#/recollect@}" "${workers[@]}"; do $systemctl stop "$unit"; done
fi

step "Update"
if [ -n "$use_docker" ]; then
    (cd deploy && docker compose --profile "$profile" build)
else
    "$prefix/bin/python" -m pip install --quiet --upgrade "$release"
    echo "Installed: $("$prefix/bin/recollect" --version)"
fi

step "Start"
if [ -n "$use_docker" ]; then
    (cd deploy && docker compose --profile "$profile" up --detach --wait)
else
    for port in "${ports[@]}"; do
        $systemctl start "recollect@$port"
        ready "$port"
    done
    for unit in "${workers[@]}"; do $systemctl start "$unit"; done
fi

step "Check after"
if [ -n "$skip_validation" ]; then
    echo "left out"
elif [ -n "$use_docker" ]; then
    inside verify
else
    recollect verify
fi
printf '\nIn service.\n'
