#!/usr/bin/env bash
# Sets this checkout up: system libraries, virtual environment, Python packages, browser client,
# tracker models. Idempotent: what is there and unchanged is not touched again.
#
#   tools/setup.sh          what `mirrorstage live` needs
#   tools/setup.sh test     the same and what the tests need
set -euo pipefail
cd "$(dirname "$0")/.."
want=${1:-live}
venv=.venv
stamps=$venv/.stamps

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# --- system packages -------------------------------------------------------------------------
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo "$@"; else return 1; fi
}
apt_updated=
apt_install() { # env: sudo does not pass variables on
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}
install_packages() { # must|may, packages...
  local need=$1 line package left=(); shift
  [ $# -gt 0 ] || return 0
  if command -v apt-get >/dev/null; then
    say "Installing system packages: $*"
    if [ -z "$apt_updated" ]; then as_root apt-get -qq update >/dev/null 2>&1 || true; apt_updated=1; fi
    if apt_install "$@"; then return 0; fi
    if [ "$need" = may ] && as_root true; then # one that this system does not know must not keep the rest away
      for package in "$@"; do apt_install "$package" 2>/dev/null || left+=("$package"); done
      [ ${#left[@]} -gt 0 ] || return 0
      set -- "${left[@]}"
    fi
    line="Type:  sudo apt-get install -y --no-install-recommends $*"
  else
    line="On Debian and Ubuntu they are called:  $*
  on Fedora:  libX11 libglvnd-egl libglvnd-gles libglvnd-glx glib2 portaudio (tests: nginx ffmpeg chromium)
  on Arch:    libx11 libglvnd glib2 portaudio (tests: nginx ffmpeg chromium)"
  fi
  if [ "$need" = must ]; then fail "system packages are missing and cannot be installed from here. $line"; fi
  printf 'setup: optional system packages are missing, some features with them. %s\n' "$line" >&2
}
has_lib() { # is a shared library known to the loader? (not grep -q: it would break the pipe of a long list)
  { ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null; } | grep -F "$1" >/dev/null
}
has_cjk_font() { # of those that host/lettering looks for
  find /usr/share/fonts /usr/local/share/fonts ~/.local/share/fonts ~/.fonts -iname '*cjk*' -o -iname 'wqy-*' \
    -o -iname 'SourceHan*' -o -iname 'DroidSansFallback*' 2>/dev/null | grep . >/dev/null
}
if [ "$(uname -s)" = Linux ]; then
  must=(); may=()
  has_lib libX11.so.6 || must+=(libx11-6)
  has_lib libEGL.so.1 || must+=(libegl1)
  has_lib libGLESv2.so.2 || must+=(libgles2)
  has_lib libGL.so.1 || must+=(libgl1)
  has_lib libglib-2.0.so.0 || must+=(libglib2.0-0)
  has_lib libportaudio.so.2 || may+=(libportaudio2)
  has_cjk_font || may+=(fonts-wqy-microhei) # an avatar's maker is credited in his own script
  install_packages must "${must[@]}"
  install_packages may "${may[@]}"
  if [ "$want" = test ]; then
    peers=()
    [ -x /usr/sbin/nginx ] || peers+=(nginx-light)
    [ -f /usr/lib/nginx/modules/ngx_rtmp_module.so ] || peers+=(libnginx-mod-rtmp)
    command -v ffprobe >/dev/null || peers+=(ffmpeg)
    command -v chromium >/dev/null || peers+=(chromium)
    install_packages may "${peers[@]}"
  fi
fi

# --- Python ----------------------------------------------------------------------------------
if [ ! -x $venv/bin/python ]; then
  python=
  for name in python3.13 python3.12 python3.11 python3; do
    if command -v $name >/dev/null && $name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then
      python=$name; break
    fi
  done
  [ -n "$python" ] || fail "Python 3.11, 3.12 or 3.13 is needed and none was found. On Debian 12 and Ubuntu 24.04 type:  sudo apt-get install -y python3 python3-venv
  on Ubuntu 22.04:  sudo apt-get install -y python3.11 python3.11-venv"
  say "Making the virtual environment with $($python --version)"
  if ! $python -m venv $venv 2>/dev/null; then
    rm -rf $venv
    install_packages must "$(basename "$(readlink -f "$(command -v $python)")")-venv"
    $python -m venv $venv
  fi
fi
mkdir -p $stamps

changed() { # name, files...: true when the files differ from the stamp of that name
  local name=$1; shift
  sum=$(cat "$@" | sha256sum | cut -d' ' -f1)
  [ "$(cat "$stamps/$name" 2>/dev/null)" != "$sum" ]
}
stamp() { echo "$sum" >"$stamps/$1"; }

lock=requirements/app.lock
[ "$want" = test ] && lock=requirements/dev.lock
if [ "$want" = live ] && ! changed dev requirements/dev.lock; then :; # dev.lock contains app.lock
elif changed "$(basename $lock .lock)" $lock; then
  say "Installing Python packages from $lock (about 150 MB the first time)"
  $venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $lock
  stamp "$(basename $lock .lock)"
fi
if changed product pyproject.toml || [ ! -x $venv/bin/mirrorstage ]; then
  $venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
  stamp product
fi

# --- the browser client ----------------------------------------------------------------------
if [ -f web/package.json ]; then
  mapfile -t sources < <(find web -path web/node_modules -prune -o -type f -print | LC_ALL=C sort)
  if changed web "${sources[@]}" || [ ! -f stream/web_dist/index.html ]; then
    say "Building the browser client"
    $venv/bin/python tools/build_web.py
    stamp web
  fi
fi

# --- tracker models --------------------------------------------------------------------------
if [ -z "${MIRRORSTAGE_MODELS:-}" ] && ! $venv/bin/python -c 'from capture.models.store import resolve; resolve("full")' 2>/dev/null; then
  say "Fetching the tracker's models"
  $venv/bin/mirrorstage models fetch || printf 'setup: no tracker models yet; shows from takes work, cameras need:  .venv/bin/mirrorstage models fetch\n' >&2
fi
