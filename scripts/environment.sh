# Sourced by scripts/build and scripts/test: the Python environment and the programs tests need.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }

die() {
    say "error: $*"
    exit 1
}

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    die "Python 3.11 or newer is needed; install it (Debian: apt-get install python3 python3-venv) or name it in PYTHON"
}

# Install the pinned packages into .venv, once: a stamp holds the hash of what was asked for.
prepare_python() {
    local python wanted
    if [ ! -x .venv/bin/python ]; then
        python=$(find_python)
        say "making .venv with $("$python" --version)"
        if ! "$python" -m venv .venv >&2; then
            rm -rf .venv
            may_install || die "the venv module does not work; install it (Debian: apt-get install python3-venv)"
            apt_install python3-venv
            "$python" -m venv .venv >&2 || die "python -m venv fails; see the message above"
        fi
    fi
    wanted=$(cat setup.cfg pyproject.toml requirements.lock | sha256sum | cut -d' ' -f1)
    if [ "$(cat .venv/.installed 2>/dev/null || true)" = "$wanted" ]; then
        return
    fi
    say "installing the packages pinned in requirements.lock (once)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock >&2 ||
        die "pip could not install the pinned packages; see the message above"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . >&2 ||
        die "pip could not install atlas itself; see the message above"
    printf '%s\n' "$wanted" >.venv/.installed
}

# Install the tools for the pages' scripts into node_modules, once: a stamp holds the hash of what was asked for.
prepare_node() {
    local wanted
    if ! has_node && may_install; then
        apt_install nodejs npm
    fi
    has_node || die "the pages' scripts need node 18 or newer and npm to be checked and joined; install them (Debian and Ubuntu: sudo apt-get install nodejs npm) and run this again"
    wanted=$(cat package.json package-lock.json | sha256sum | cut -d' ' -f1)
    if [ "$(cat node_modules/.installed 2>/dev/null || true)" = "$wanted" ]; then
        return
    fi
    say "installing the tools pinned in package-lock.json (once)"
    npm ci --silent --no-audit --no-fund >&2 || die "npm could not install the pinned tools; see the message above"
    printf '%s\n' "$wanted" >node_modules/.installed
}

has_node() {
    command -v npm >/dev/null 2>&1 && command -v node >/dev/null 2>&1 &&
        node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 18 ? 1 : 0)' 2>/dev/null
}

may_install() {
    command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

apt_install() {
    local sudo=""
    [ "$(id -u)" = 0 ] || sudo="sudo -n"
    say "installing $*"
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq update >&2 || say "apt-get update failed; trying with the old lists"
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "$@" >&2 ||
        say "apt-get could not install $*"
}

has_browser() {
    local name
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null 2>&1 && return
    done
    return 1
}

has_gdal() { command -v ogrinfo >/dev/null 2>&1 && command -v ogr2ogr >/dev/null 2>&1; }

has_chinese_font() { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh family 2>/dev/null)" ]; }

# What tests need beside Python. Nothing is skipped for want of it: without it there is no test run.
prepare_programs() {
    local missing
    missing=$(missing_programs)
    if [ -n "$missing" ] && may_install; then
        # shellcheck disable=SC2086
        apt_install $missing
        missing=$(missing_programs)
    fi
    [ -z "$missing" ] || die "the tests need programs that are missing here: $(printf '%s' "$missing" | tr '\n' ' ')
install them (Debian and Ubuntu: sudo apt-get install $missing) and run this again"
}

missing_programs() {
    local names=()
    has_browser || names+=(chromium)
    has_gdal || names+=(gdal-bin)
    has_chinese_font || names+=(fontconfig fonts-noto-cjk)
    printf '%s' "${names[*]}"
}
