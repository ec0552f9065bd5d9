#!/bin/sh
# recollect by hand, as the service runs it: its account, its data directory, its settings. Goes to /usr/local/bin/recollect.
exec systemd-run --quiet --pipe --wait --collect --uid=recollect --gid=recollect --property=UMask=0077 \
    --setenv=RECOLLECT_HOME=/var/lib/recollect --property=EnvironmentFile=-/etc/recollect/recollect.env \
    --working-directory=/var/lib/recollect /opt/recollect/bin/recollect "$@"
