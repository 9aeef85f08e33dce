#!/bin/bash
# Gets a real llama-server for the tests of remote engines: that of Debian's testing suite, in a folder of its own.
#
#   scripts/llama_server.sh FOLDER
#
# Afterwards FOLDER/llama-server starts it. What is there already is kept: a second run is free. The first one takes
# about 20 seconds; compiling the one that our llama.cpp belongs to takes minutes (python -m benchmarks.peers.server).
set -euo pipefail

# shellcheck source=scripts/debian_newer.sh
. "$(dirname "$0")/debian_newer.sh"

say() { echo "llama_server: $*" >&2; }
fail() { say "$*"; exit 1; }
starts() { [ -x "$1" ] && "$1" --version >/dev/null 2>&1; }

# By the C library that it was built for. It looks for its kernels, a library for each kind of CPU, where it runs. Its
# threads sleep early, as our engine's do: on a busy machine spinning ones take seconds for each token.
get() {
    local root=$FOLDER/debian lib
    say "unpacking llama-server from Debian $SUITE"
    unpack llama.cpp-tools "$root"
    lib=$(libraries "$root")
    cat >"$FOLDER/llama-server" <<LAUNCHER
#!/bin/sh
export GOMP_SPINCOUNT=300
cd "$(echo "$lib"/ggml/backends*)" || exit
exec "$(echo "$lib"/ld-linux-*.so.*)" --library-path "$lib:$lib/llama" "$root/usr/bin/llama-server" "\$@"
LAUNCHER
    chmod +x "$FOLDER/llama-server"
}

[ $# -eq 1 ] || { echo "usage: ${0##*/} FOLDER" >&2; exit 2; }
mkdir -p "$1"
FOLDER=$(cd "$1" && pwd)
starts "$FOLDER/llama-server" || get
starts "$FOLDER/llama-server" || fail "llama-server does not start; remove $FOLDER and try again"
say "ready: $FOLDER/llama-server"
