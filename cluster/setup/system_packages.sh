#!/usr/bin/env bash
# Installs what Python packages cannot bring: PostgreSQL with PostGIS, OpenCV's libraries, Python's venv.
#
#   system_packages.sh            installs what is missing, as root or through sudo; else says what to run and exits 1
#   system_packages.sh --missing  prints the missing packages, one a line, and installs nothing
#
# A PostgreSQL that is there already stays as it is; it only gets the PostGIS of its own version.
# ROOT (default: empty) is where the file system begins and PYTHON the interpreter; tests set both.
set -euo pipefail

root=${ROOT:-}
here=$(cd "$(dirname "$0")" && pwd)

has_library() { ldconfig -p 2>/dev/null | grep -q "$1" || compgen -G "$root/usr/lib/*/$1*" >/dev/null; }

# Majors of the servers that are installed, newest first.
postgres_majors() {
    local server
    for server in "$root"/usr/lib/postgresql/*/bin/postgres; do
        [ -x "$server" ] && basename "$(dirname "$(dirname "$server")")"
    done | sort -rV
}

has_postgis() {
    local major
    for major in $(postgres_majors); do
        [ -e "$root/usr/share/postgresql/$major/extension/postgis.control" ] && return 0
    done
    # A server from elsewhere, such as one built from source, counts when pg_config shows PostGIS beside it.
    [ -z "$root" ] && command -v pg_config postgres >/dev/null &&
        [ -e "$(pg_config --sharedir)/extension/postgis.control" ]
}

is_offered() { apt-cache show "$1" >/dev/null 2>&1; }

# The PostGIS of the newest installed server that has one, else the newest there is (it brings its server).
postgis_package() {
    local major
    for major in $(postgres_majors); do
        is_offered "postgresql-$major-postgis-3" && echo "postgresql-$major-postgis-3" && return
    done
    major=$({ apt-cache search --names-only '^postgresql-[0-9]+-postgis-3$' 2>/dev/null || true; } |
        sed -E 's/^postgresql-([0-9]+)-.*/\1/' | sort -n | tail -1)
    if [ -n "$major" ]; then echo "postgresql-$major-postgis-3"; else echo "postgresql-postgis"; fi
}

# Debian and Ubuntu renamed the package when time_t became 64 bits wide.
glib_package() { if is_offered libglib2.0-0t64; then echo libglib2.0-0t64; else echo libglib2.0-0; fi; }

# Debian cuts ensurepip out of its Python; other interpreters have it.
venv_package() {
    local python
    python=$("$here/find_python.sh" 2>/dev/null) || { command -v python3 >/dev/null || echo python3-venv; return; }
    "$python" -c 'import ensurepip, venv' 2>/dev/null && return
    "$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
}

missing() {
    has_postgis || postgis_package
    has_library libGL.so.1 || echo libgl1
    has_library libgthread-2.0.so.0 || glib_package
    venv_package
}

stop() {
    printf '%s\n' "$@" >&2
    exit 1
}

# Runs apt-get as root. Never asks anything.
apt() {
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" >&2
}

may_install() { [ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }; }

if [ "${1:-}" = --missing ]; then
    missing
    exit
fi

packages=$(missing | xargs)
[ -z "$packages" ] && exit
command -v apt-get >/dev/null ||
    stop "set-up: this machine has no apt-get (Debian, Ubuntu); please install what these are called here: $packages"
may_install || stop "set-up needs system packages that only root may install. Please run this, then try again:" "" \
    "    sudo apt-get update && sudo apt-get install -y --no-install-recommends $packages" ""
echo "set-up: refreshing the list of system packages" >&2
apt update || echo "set-up: the list could not be refreshed; trying with the present one" >&2
packages=$(missing | xargs) # with the lists at hand the names may differ
echo "set-up: installing $packages" >&2
# shellcheck disable=SC2086 # one word per package
apt install -y --no-install-recommends $packages ||
    stop "set-up: apt-get could not install $packages (see above); mend that and try again"
left=$(missing | xargs)
[ -z "$left" ] || stop "set-up: apt-get ended well, but these are still missing: $left"
