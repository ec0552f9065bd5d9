#!/usr/bin/env bash
# Lets in SSH and HTTPS, nothing else. Look first whether SSH is on another port: SSH_PORT=2222 ./apply.sh
# PRIVATE=10.0.0.0/8 lets that network call the servers and PostgreSQL without the proxy.
set -euo pipefail
cd "$(dirname "$0")"
ufw=${UFW:-ufw}
install -m 644 recollect "${UFW_APPLICATIONS:-/etc/ufw/applications.d}/recollect"
$ufw default deny incoming
$ufw default allow outgoing
$ufw limit "${SSH_PORT:-22}/tcp"
$ufw allow recollect
if [ -n "${PRIVATE:-}" ]; then
    $ufw allow from "$PRIVATE" to any app "recollect direct"
    $ufw allow from "$PRIVATE" to any port 5432 proto tcp
fi
$ufw --force enable
