# shellcheck shell=bash
# Shared by packaging/run, packaging/test and .ci/run, which source it. It leaves the shell in the repository's root.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

fail() {
    echo "$*" >&2
    exit 1
}

# packages GROUP…: the names listed for these groups in packaging/packages
packages() {
    awk -v groups=" $* " '
        { sub(/#.*/, "") }
        /^\[/ { wanted = index(groups, " " substr($1, 2, length($1) - 2) " "); next }
        wanted && NF { print $1 }' packaging/packages
}

is_installed() {
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# install_missing GROUP…: asks for rights only where a package is missing
install_missing() {
    local name missing=() as_root=()
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        echo "This is not a Debian system: packaging/packages lists what has to be installed by hand." >&2
        return
    fi
    for name in $(packages "$@"); do
        is_installed "$name" || missing+=("$name")
    done
    ((${#missing[@]})) || return 0
    if ((EUID != 0)); then
        command -v sudo >/dev/null || fail "Packages are missing and neither root nor sudo is at hand. Install as root:
  apt-get install --no-install-recommends ${missing[*]}"
        as_root=(sudo)
    fi
    echo "Installing ${#missing[@]} packages: ${missing[*]}"
    "${as_root[@]}" apt-get update --quiet=2 || echo "Some package lists could not be fetched; going on with those at hand." >&2
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends \
        "${missing[@]}" >/dev/null || fail "apt-get could not install: ${missing[*]}"
}

# One compiler a core, and 2 GB of memory for each: files that include LibTorch take 1.1 GB.
job_count() {
    local cores memory
    cores=$(nproc)
    memory=$(($(awk '/^MemAvailable/ { print $2 }' /proc/meminfo) / 2000000))
    ((memory < 1)) && memory=1
    echo $((cores < memory ? cores : memory))
}

# build PRESET [TARGET…]: configures and builds; without targets everything
build() {
    local preset=$1
    shift
    cmake --preset "$preset" --log-level=WARNING && cmake --build --preset "$preset" --parallel "$(job_count)" ${1:+--target "$@"}
}
