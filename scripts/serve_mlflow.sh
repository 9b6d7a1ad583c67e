#!/usr/bin/env bash
# Serves MLflow to a team, behind user names and passwords:
#
#   scripts/serve_mlflow.sh FOLDER [PORT]
#
# FOLDER (made if it is not there) keeps what must not be lost: the artifacts, the users, the first administrator's
# password and, unless a server is named, the database of runs. Back it up. The settings, as environment variables:
#
#   DATABASE       where runs are kept; sqlite:///FOLDER/mlflow.db if not given, which serves a few people;
#                  for a team postgresql+psycopg2://USER:PASSWORD@HOST/NAME
#   HOST           the interface to listen on; 127.0.0.1 if not given, 0.0.0.0 for the whole network
#   NAMES          host names that browsers use, for example mlflow.lab:*,10.0.0.5:*; localhost and private
#                  addresses if not given
#   MLFLOW         the program; `mlflow` if not given. It needs:  pip install 'screening[server]'
#
# With FOLDER/tls.key and FOLDER/tls.crt it serves https; without, passwords cross the network readable.
# Users are added by the administrator at /signup (everybody may read and change runs, so that reviewers can decide; a
# changed password or a removed user may stay valid for a minute):
#
#   export MLFLOW_TRACKING_USERNAME=anna MLFLOW_TRACKING_PASSWORD=...        # what commands then log in with
#   screening rank ... tracking.uri=http://HOST:PORT
set -euo pipefail
umask 077

folder=${1:?usage: scripts/serve_mlflow.sh FOLDER [PORT]}
port=${2:-5000}
mkdir -p "$folder/artifacts"
folder=$(cd "$folder" && pwd)

# A secret is made once; a half-written one never takes its name.
secret() {
  if [[ ! -s $folder/$1 ]]; then
    head -c 24 /dev/urandom | base64 | tr '+/' '-_' >"$folder/$1.part"
    mv "$folder/$1.part" "$folder/$1"
  fi
  cat "$folder/$1"
}

cat >"$folder/auth.ini" <<END
[mlflow]
default_permission = EDIT
database_uri = sqlite:///$folder/users.db
admin_username = admin
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
auth_cache_ttl_seconds = 60
END
export MLFLOW_AUTH_CONFIG_PATH=$folder/auth.ini
export MLFLOW_AUTH_ADMIN_PASSWORD MLFLOW_FLASK_SERVER_SECRET_KEY
MLFLOW_AUTH_ADMIN_PASSWORD=$(secret admin_password)
MLFLOW_FLASK_SERVER_SECRET_KEY=$(secret session_key)
export MLFLOW_DISABLE_TELEMETRY=true
# In the environment and not on the command line, where every user of the machine could read its password.
export MLFLOW_BACKEND_STORE_URI=${DATABASE:-sqlite:///$folder/mlflow.db}

options=(--app-name basic-auth --artifacts-destination "$folder/artifacts" --host "${HOST:-127.0.0.1}" --port "$port" --workers 2)
if [[ -n ${NAMES:-} ]]; then options+=(--allowed-hosts "$NAMES"); fi
if [[ -f $folder/tls.key ]]; then
  options+=(--uvicorn-opts "--ssl-keyfile $folder/tls.key --ssl-certfile $folder/tls.crt")
fi
echo "user admin, password in $folder/admin_password"
exec "${MLFLOW:-mlflow}" server "${options[@]}"
