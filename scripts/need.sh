#!/bin/sh
# Makes sure that programs are there: installs Debian's packages when allowed to, else says exactly which to install.
set -eu

missing=""
package() {
    case "$1" in
        cargo) echo "Rust 1.95 or newer (https://rustup.rs)" ;;
        node|npm) echo "Node.js 20 or newer" ;;
        cc) echo gcc ;;
        python3) echo "python3 python3-venv" ;;
        dovecot) echo dovecot-imapd ;;
        *) echo "$1" ;;
    esac
}

has() {
    if [ "$1" = python3 ]; then python3 -c "import venv, ensurepip" 2>/dev/null; else command -v "$1" >/dev/null 2>&1; fi
}

for program in "$@"; do
    has "$program" && continue
    wanted=$(package "$program")
    case "$program" in
        chromium|python3|cc|dovecot|postfix|swaks|opendkim)
            if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
                echo "Installing Debian's package $wanted."
                # shellcheck disable=SC2086 # a list of packages
                { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted; } >/dev/null || true
                has "$program" && continue
            fi
            missing="$missing
  $program: apt-get install $wanted" ;;
        *) missing="$missing
  $program: install $wanted" ;;
    esac
done

if [ -n "$missing" ]; then
    echo "Error: this step needs programs that are not here:$missing" >&2
    exit 1
fi
