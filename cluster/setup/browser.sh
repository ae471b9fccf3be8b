#!/usr/bin/env bash
# Installs Chromium for the tests of the page, where that goes without asking; else says so, and those tests skip.
#
# Debian's own package; Ubuntu's is a snap, which containers cannot run, so it is left to you there.
set -euo pipefail

for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && exit
done

skip() {
    echo "set-up: no Chromium: $1; the tests of the page will skip. Debian: sudo apt-get install chromium" >&2
    exit
}

command -v apt-get >/dev/null || skip "this machine has no apt-get"
grep -qs '^ID=ubuntu' "${ROOT:-}/etc/os-release" && skip "Ubuntu has it as a snap only"
as_root=()
[ "$(id -u)" -eq 0 ] || { as_root=(sudo -n); "${as_root[@]}" true 2>/dev/null || skip "only root may install it"; }
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" >&2; }
echo "set-up: installing chromium for the tests of the page" >&2
apt update || true
apt install -y --no-install-recommends chromium || skip "apt-get could not install it (see above)"
