# Sourced by the other scripts: finds Python and keeps the virtual environment in step with pyproject.toml.
# `prepare runtime` installs what serving needs, `prepare dev` also what tests and checks need.

VENV=${VENV:-.venv}

stop() {
    printf '%s\n' "$@" >&2
    exit 3
}

find_python() {
    for python in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
        [ -n "$python" ] && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return
    done
    stop "Intrakraft needs Python 3.11 or newer, and none was found." \
        "Install it (Debian, Ubuntu: apt install python3 python3-venv), or name it: PYTHON=/path/to/python3 sh bin/run"
}

make_venv() {
    "$VENV/bin/python" -c 'import pip' 2>/dev/null && return
    find_python
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        stop "Python is here, but not its module for virtual environments." \
            "Install it (Debian, Ubuntu: apt install python3-venv)."
    "$python" -m venv --clear "$VENV" || stop "The virtual environment $VENV could not be made."
}

pip_install() {
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

install() {
    pip_install uv >/dev/null 2>&1 && "$VENV/bin/uv" pip install --quiet --python "$VENV/bin/python" --editable "$1" && return
    echo "  uv could not install them, so pip does; this takes longer" >&2
    pip_install --editable "$1" ||
        stop "The packages could not be installed. Is there a network connection, or a package index in pip's settings?"
}

prepare() {
    make_venv
    wanted=$(cksum <pyproject.toml)
    for stamp in "$VENV/installed-dev" "$VENV/installed-$1"; do
        [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return
    done
    case $1 in dev) install '.[dev]' ;; *) install . ;; esac
    echo "$wanted" >"$VENV/installed-$1"
}
