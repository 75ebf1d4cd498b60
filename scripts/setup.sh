#!/bin/sh
# Makes .venv hold what a lock file lists, and nothing happens when it already does.
#
#   scripts/setup.sh requirements.lock       what the product needs
#   scripts/setup.sh requirements-dev.lock   that, and what the tests and checks need
#
# PYTHON names the interpreter to use; without it the first one that runs and is new enough.
set -eu
cd "$(dirname "$0")/.."

lock=${1:-requirements.lock}
[ -f "$lock" ] || { echo "setup: there is no lock file $lock." >&2; exit 2; }

# What is installed is remembered as the checksums of the locks it came from. The development lock
# contains the other one, so either stamp will do for requirements.lock.
wanted=$(cksum requirements.lock requirements-dev.lock)
stamp=.venv/installed-from
if [ -x .venv/bin/python ] && [ -f "$stamp" ]; then
    { read -r installed; had=$(cat); } <"$stamp"
    if [ "$had" = "$wanted" ]; then
        case $installed in
            "$lock" | requirements-dev.lock) exit 0 ;;
        esac
    fi
fi

# Found by running it: a `python3` may be too old, a stub, or without venv (Debian splits it off).
find_python() {
    for candidate in ${PYTHON:-} python3.14 python3.13 python3.12 python3.11 python3 python; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
            >/dev/null 2>&1; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

if ! .venv/bin/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(find_python) || {
        echo "setup: no Python 3.11 or newer with the modules venv and ensurepip was found." >&2
        echo "       On Debian and Ubuntu: apt-get install python3 python3-venv." >&2
        echo "       Elsewhere, name one: make PYTHON=/path/to/python3.12 run" >&2
        exit 1
    }
    echo "setup: building .venv with $python"
    "$python" -m venv --clear .venv
fi

rm -f "$stamp"
echo "setup: installing $lock (once)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
    --require-hashes --only-binary :all: -r "$lock" || {
    echo "setup: pip could not install $lock; its reason stands above. Nothing was started." >&2
    exit 1
}
printf '%s\n%s\n' "$lock" "$wanted" >"$stamp"
