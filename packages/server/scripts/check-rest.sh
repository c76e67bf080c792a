#!/usr/bin/env bash
# Checks the REST door of a running shop against its own document: openapi-spec-validator, then schemathesis with all
# checks on. It creates products and orders: use a shop whose data may be thrown away.
#
#   packages/server/scripts/check-rest.sh [URL] [examples for each operation]
set -euo pipefail
url=${1:-http://localhost:8000}
examples=${2:-100}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install --quiet openapi-spec-validator==0.9.0 schemathesis==4.32.5
curl --silent --fail --show-error "$url/openapi.json" --output openapi.json
venv/bin/openapi-spec-validator openapi.json
venv/bin/schemathesis --config-file "$here/schemathesis.toml" run "$url/openapi.json" --checks all --max-examples "$examples"
