#!/bin/sh
# Installs what `make run` and `make test` need and the machine lacks: `scripts/install.sh postgresql rabbitmq
# chromium`. Instant when all is there. Nothing that it installs is started as a service of the machine: Kobbopay runs
# private servers of its own. Where it may not install (neither root nor sudo without a password) it says what to type.
# `anvil`, the local EVM node, and `openapi-lint` are no packages of the system's: npm, which has to be there, puts them
# into this checkout.
set -eu

ANVIL="$(dirname "$0")/../src/Kobbopay.LocalServers/anvil"
LINT="$(dirname "$0")/../tests/openapi-lint"
POLICY=/usr/sbin/policy-rc.d
MARK='temporary, by Kobbopay: no service starts while its packages are installed'

has() { command -v "$1" >/dev/null 2>&1; }

# PostgreSQL 15 is the oldest that Kobbopay is tested with; newer ones will do.
has_postgresql() {
    for initdb in /usr/lib/postgresql/*/bin/initdb; do
        version=${initdb#/usr/lib/postgresql/}
        version=${version%%/*}
        [ -x "$initdb" ] && [ "${version%%.*}" -ge 15 ] 2>/dev/null && return 0
    done
    return 1
}

known() { apt-cache show "$1" 2>/dev/null | grep -q '^Package:'; }

missing() {
    packages=
    for part in "$@"; do
        case $part in
            postgresql) has_postgresql || packages="$packages $(known postgresql-15 && echo postgresql-15 || echo postgresql)" ;;
            rabbitmq) [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || packages="$packages rabbitmq-server" ;;
            chromium) has chromium-headless-shell || has chromium || packages="$packages chromium-headless-shell" ;;
            python) has python3 || packages="$packages python3-minimal" ;;
            php) has php || packages="$packages php-cli" ;;
            # To link what is compiled ahead of time.
            linker) { has clang || has gcc; } && [ -e /usr/include/stdlib.h ] || packages="$packages gcc libc6-dev" ;;
            zsh | fish) has "$part" || packages="$packages $part" ;;
            nodejs) has node || packages="$packages nodejs" ;;
            nginx) [ -x /usr/sbin/nginx ] || packages="$packages nginx-light" ;;
            wrk) has wrk || packages="$packages wrk" ;;
            anvil | openapi-lint) ;;
            npm) has npm || packages="$packages npm" ;;
            *) echo "install.sh: unknown part '$part'" >&2; exit 2 ;;
        esac
    done
    packages=${packages# }
}

may_write_as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# A private node's epmd has a port of its own on its command line; the one that Erlang's packages may start has none.
default_epmd() {
    for process in /proc/[0-9]*; do
        [ "$(cat "$process/comm" 2>/dev/null)" = epmd ] || continue
        tr '\0' ' ' <"$process/cmdline" 2>/dev/null | grep -q -e '-port' || echo "${process#/proc/}"
    done
}

clean_up() {
    status=$?
    trap - EXIT
    if grep -qsF "$MARK" "$POLICY"; then may_write_as_root rm -f "$POLICY"; fi
    # Erlang's packages may leave their port mapper behind: it was not there before, so it goes.
    for pid in $(default_epmd); do
        case " $epmd_before " in *" $pid "*) ;; *) may_write_as_root kill "$pid" 2>/dev/null || : ;; esac
    done
    [ "$status" = 0 ] || { [ -s "$log" ] && tail -n 20 "$log" >&2; }
    rm -f "$log"
    exit "$status"
}

apt() { may_write_as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1; }

# False before the first npm ci, and after the version was changed.
has_anvil() {
    package="$ANVIL/node_modules/@foundry-rs/anvil-linux-amd64"
    version=$(sed -n 's/.*anvil-linux-amd64": "\([^"]*\)".*/\1/p' "$ANVIL/package.json")
    [ -x "$package/bin/anvil" ] && grep -q "\"version\": \"$version\"" "$package/package.json"
}

without_anvil() { echo "anvil, the local EVM node, can't be installed: $1." >&2; exit 1; }

install_anvil() {
    [ "$(uname -sm)" = "Linux x86_64" ] || without_anvil "its package is for Linux on x86-64, and this is $(uname -sm)"
    has npm || without_anvil "there is no npm; 'sudo apt-get install -y --no-install-recommends npm' brings it"
    npm_ci "$ANVIL" has_anvil anvil || without_anvil "npm failed"
}

# False before the first npm ci, and after the version was changed.
has_lint() {
    version=$(sed -n 's/.*spectral-cli": "\([^"]*\)".*/\1/p' "$LINT/package.json")
    grep -qs "\"version\": \"$version\"" "$LINT/node_modules/@stoplight/spectral-cli/package.json"
}

# What a folder's lock file names, unless the check says that it is there.
npm_ci() {
    # Two runs in one checkout: npm ci begins by deleting.
    exec 8<"$1/package.json"
    flock 8
    if ! "$2"; then
        echo "Installing $3 (once) ..."
        output=$(cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel error \
            --fetch-retries 1 --fetch-retry-mintimeout 2000 2>&1) || {
            echo "$output" | tail -n 5 >&2
            return 1
        }
        echo "  installed."
    fi
    exec 8<&-
}

install_packages() {
    by_hand="sudo apt-get update && sudo apt-get install -y --no-install-recommends $packages"
    if ! has apt-get; then
        echo "Kobbopay needs $packages, and there is no apt-get here to install it: on Debian it is '$by_hand'." >&2
        exit 1
    fi
    if ! may_write_as_root true 2>/dev/null; then
        echo "Kobbopay needs $packages, and installing needs root: please run '$by_hand' once, then try again." >&2
        exit 1
    fi

    # Two checkouts may be started at once on a fresh machine.
    exec 9</var/lib/dpkg
    flock 9
    missing "$@"
    [ -n "$packages" ] || return 0

    log=$(mktemp)
    epmd_before=$(default_epmd | tr '\n' ' ')
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP

    echo "Installing $packages (once) ..."
    if [ ! -e "$POLICY" ]; then
        printf '#!/bin/sh\n# %s\nexit 101\n' "$MARK" | may_write_as_root tee "$POLICY" >/dev/null
        may_write_as_root chmod 755 "$POLICY"
    fi

    # Package lists may be missing or too old to be of use: they are fetched only when the first try fails.
    # shellcheck disable=SC2086 # a list of package names
    if ! apt install -y --no-install-recommends $packages; then
        echo "  refreshing the package lists ..."
        : >"$log"
        apt update || :
        missing "$@"
        # shellcheck disable=SC2086
        if ! apt install -y --no-install-recommends $packages; then
            echo "Installing failed; try '$by_hand'. apt-get's last words:" >&2
            exit 1
        fi
    fi
    echo "  installed."
    : >"$log"
}

missing "$@"
[ -z "$packages" ] || install_packages "$@"
case " $* " in *" anvil "*) has_anvil || install_anvil ;; esac
case " $* " in *" openapi-lint "*) has_lint || npm_ci "$LINT" has_lint openapi-lint ;; esac
