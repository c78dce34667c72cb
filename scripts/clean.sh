#!/bin/sh
# Forgets this folder's Kobbopay: data, keys, logs, and what was built. Refuses while it runs.
set -eu
cd "$(dirname "$0")/.."

# The same paths as the AppHost's: DemoShop.FolderOf and LocalServers' StateFolder.
kept="${KOBBOPAY_FOLDER:-$(pwd -P)}/.kobbopay"
name=$(printf %s "$kept" | sha256sum | cut -c1-16)

if [ -e "$kept/lock" ] && ! flock --nonblock "$kept/lock" true; then
    echo "Kobbopay is running in this folder: stop it first." >&2
    exit 1
fi
rm -rf "$kept" "/var/lib/kobbopay/$name" "${XDG_STATE_HOME:-$HOME/.local/state}/kobbopay/$name" artifacts
rmdir /var/lib/kobbopay 2>/dev/null || :
