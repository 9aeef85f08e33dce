# Programs of a newer Debian, in a folder of their own and with their own C library; the system is left alone.
# Sourced by the scripts that need one; they define `fail`.

SUITE=${DEBIAN_SUITE:-forky}

# `unpack PACKAGE ROOT`: the package, and all that it needs to run, below ROOT.
unpack() (
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    private_apt "$work"
    mapfile -t packages < <(closure "$1")
    mkdir -p "$work/debs"
    (cd "$work/debs" && apt-get download -q "${packages[@]}" >/dev/null)
    rm -rf "$2"
    for package in "$work"/debs/*.deb; do dpkg-deb -x "$package" "$2"; done
)

# The folder of ROOT's libraries.
libraries() { echo "$1/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo "$(uname -m)-linux-gnu")"; }

# Its own sources, lists and cache; nothing of the system's is read but the mirror and the keyring.
private_apt() {
    local mirror
    mirror=$(grep -rhoE '^(deb|URIs:) .*https?://[^ ]+/debian(/| |$)' /etc/apt/sources.list /etc/apt/sources.list.d \
        2>/dev/null | grep -oE 'https?://[^ ]+/debian' | sed -n 1p || true)
    [ -n "$mirror" ] || fail "no Debian mirror in /etc/apt"
    mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $SUITE main" >"$1/sources.list"
    cat >"$1/apt.conf" <<CONF
Dir::Etc::sourcelist "$1/sources.list"; Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "$1/lists"; Dir::Cache "$1/cache"; APT::Sandbox::User "root";
CONF
    export APT_CONFIG=$1/apt.conf
    apt-get update -qq
}

# Listed by apt itself, so that a renamed library is followed.
closure() {
    apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$1" |
        grep -E '^[a-z]' | grep -vE '^(gcc-|debconf|cdebconf|perl|dpkg)' | sort -u
}
