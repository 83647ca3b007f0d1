#!/usr/bin/env bash
# Measures the size of an image like the original's: Python 3.11 with Flask, SQLAlchemy, MySQL's connector and a Redis client.
#
#   benches/python-image.sh [IMAGE]
#
# The image of the original was never published. This builds one with the same libraries and a service that only answers
# /health-check, so it is no more than a stand-in. It starts from python:3.11-slim if a registry has it, otherwise from
# Debian 12 with its Python 3.11 (needs root and mmdebstrap). IMAGE is an image of storemgr whose size is printed as well.
# Needs a container engine and PyPI.
set -euo pipefail
cd "$(dirname "$0")/.."

# The Redis client needs async-timeout on Python before 3.11.3, which Debian has.
libraries=(flask==3.1.2 sqlalchemy==2.0.44 mysql-connector-python==9.5.0 redis==7.0.1 async-timeout==5.0.1)
scratch=$(mktemp -d)
image=storemgr-python-stand-in:$$ container=storemgr-python-$$
clean() {
  docker rm --force "$container" >/dev/null 2>&1 || true
  docker image rm --force "$image" >/dev/null 2>&1 || true
  rm -rf "$scratch"
}
trap clean EXIT

base=python:3.11-slim
if ! docker image inspect "$base" >/dev/null 2>&1 && ! timeout 120 docker pull --quiet "$base" >/dev/null 2>&1; then
  base=storemgr-stand-in/python:bookworm
  if ! docker image inspect "$base" >/dev/null 2>&1; then
    # shellcheck disable=SC2016 # apt fills it in
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 2>/dev/null | grep -v security | head -n 1)
    mmdebstrap --quiet --variant=minbase --aptopt='APT::Install-Recommends "false"' --include=python3,python3-pip,ca-certificates \
      --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
      bookworm - "${mirror:-http://deb.debian.org/debian}" 2>/dev/null | docker import - "$base" >/dev/null
  fi
fi

# This machine is configured to reach PyPI; a container may not be.
python3 -m venv "$scratch/pip"
platforms=()
for kind in manylinux_2_28 manylinux_2_17 manylinux2014; do platforms+=(--platform "${kind}_$(uname -m)"); done
"$scratch/pip/bin/pip" download --quiet --dest "$scratch/wheels" --only-binary=:all: --python-version 3.11 "${platforms[@]}" "${libraries[@]}"

cat > "$scratch/app.py" <<'END'
import redis
from flask import Flask, jsonify
from sqlalchemy import create_engine

engine = create_engine("mysql+mysqlconnector://store:none@127.0.0.1/store")
cache = redis.Redis(host="127.0.0.1")
app = Flask(__name__)


@app.get("/health-check")
def health_check():
    return jsonify({"status": "ok"})


app.run(host="0.0.0.0", port=5000)
END
cat > "$scratch/Dockerfile" <<END
FROM $base AS libraries
COPY wheels /wheels
RUN pip install --quiet --root-user-action=ignore --no-cache-dir --no-index --find-links /wheels --target /libraries ${libraries[*]}
FROM $base
WORKDIR /app
COPY --from=libraries /libraries /libraries
ENV PYTHONPATH=/libraries
COPY app.py .
CMD ["python3", "app.py"]
END
docker build --quiet --tag "$image" "$scratch" >"$scratch/log" 2>&1 || { tail "$scratch/log" >&2; exit 3; }

starts=()
for _ in 1 2 3 4 5; do
  docker rm --force "$container" >/dev/null 2>&1 || true
  docker create --name "$container" "$image" >/dev/null
  begun=$(date +%s%N)
  docker start "$container" >/dev/null
  address=$(docker inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$container")
  until curl --silent --fail --max-time 1 --output /dev/null "http://$address:5000/health-check"; do :; done
  starts+=($((($(date +%s%N) - begun) / 1000000)))
done
sleep 10
resident=$(awk '/VmRSS/ {printf "%.1f", $2 / 1024}' "/proc/$(docker inspect --format '{{.State.Pid}}' "$container")/status")
size() { echo $(($(docker image inspect --format '{{.Size}}' "$1") / 1000000)); }
echo "made from $base, with ${libraries[*]}"
echo "image $(size "$image") MB, of which the base $(size "$base") MB; docker start to the first answer, ms: ${starts[*]}; $resident MiB resident ten seconds later"
if [[ -n ${1:-} ]]; then echo "$1: $(size "$1") MB"; fi
