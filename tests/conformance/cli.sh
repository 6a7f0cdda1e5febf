#!/bin/sh
# cli.sh [BUILD]: Databricks' own CLI, version 1 or later, against `BUILD/tarn sandbox`: lists of all
# services, a bundle from deploy to destroy, and the verbs of `pipelines`. Without the CLI, in PATH
# or named by DATABRICKS_CLI_PATH, the suite is skipped: no registry that CI reaches has it.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$(cd "${1:-build}" && pwd) || exit 1
work=$build/conformance/cli
log=$work/log
err=$work/err

# Each line is a command that must succeed.
lists='users list
groups list
service-principals list
current-user me
clusters list
clusters spark-versions
clusters list-node-types
clusters list-zones
cluster-policies list
policy-families list
instance-pools list
connections list
external-locations list
storage-credentials list
volumes list sales raw
functions list sales raw
grants get catalog sales
grants get-effective schema sales.orders
catalogs list
schemas list sales
tables list sales orders
metastores list
metastores summary
jobs list
jobs list-runs
repos list
git-credentials list
tokens list
token-management list
query-history list
workspace-conf get-status enableTokensConfig
warehouses list
warehouses get-permissions 475b94ddc7cd5211
warehouses get-workspace-warehouse-config
secrets list-scopes
secrets create-scope cli
secrets put-secret cli key --string-value value
secrets get-secret cli key
secrets list-acls cli
secrets delete-scope cli
fs ls dbfs:/
fs cp databricks.yml dbfs:/Volumes/sales/raw/orders/cli.yml
fs cat dbfs:/Volumes/sales/raw/orders/cli.yml
fs rm dbfs:/Volumes/sales/raw/orders/cli.yml
workspace list /
workspace export-dir /Users out --overwrite
workspace import-dir src /Users/ada.okafor@example.com/cli
pipelines list-pipelines'
bundles='bundle validate --strict
bundle deploy
bundle summary
bundle run p
bundle run j
pipelines dry-run p
pipelines history p
pipelines logs p
pipelines stop p'
count=$(printf '%s\n%s\n' "$lists" "$bundles" | wc -l)
count=$((count + 4)) # nothing left to change, generate, destroy, and an answer without the API
. tests/support/counts.sh

cli=${DATABRICKS_CLI_PATH:-$(command -v databricks)}
{ [ -n "$cli" ] && [ -x "$cli" ]; } || skip "Databricks' CLI is not installed"
case $("$cli" version 2>/dev/null) in
"Databricks CLI v"[1-9]*) ;;
*) skip "$cli is no version 1 or later of Databricks' CLI" ;;
esac

mkdir -p "$work/src" "$work/home" || exit 1
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null' EXIT
"$build/tarn" sandbox --port 0 --fresh --run-ms 800 >"$work/stdout" 2>"$err" &
server=$!
wait_for "listening on" "$server" "$err" ||
    { log=$err && fail "the embedded workspace does not start"; }

cat >"$work/databricks.yml" <<'END'
bundle: {name: conformance}
sync: {include: [src/*]} # the folder is one that Git ignores
targets: {dev: {mode: development, default: true}}
resources:
  schemas:
    s: {catalog_name: dev, name: cli_schema, grants: [{principal: analysts, privileges: [SELECT]}]}
  volumes:
    v: {catalog_name: dev, schema_name: "${resources.schemas.s.name}", name: cli_volume}
  secret_scopes:
    scope: {name: cli_scope}
  sql_warehouses:
    w: {name: cli_warehouse, cluster_size: 2X-Small}
  pipelines:
    p:
      name: cli_pipeline
      catalog: dev
      schema: ${resources.schemas.s.name}
      serverless: true
      libraries: [{notebook: {path: src/notebook.sql}}]
      permissions: [{group_name: analysts, level: CAN_VIEW}]
  jobs:
    j:
      name: cli_job
      tasks: [{task_key: run, pipeline_task: {pipeline_id: "${resources.pipelines.p.id}"}}]
      permissions: [{group_name: users, level: CAN_VIEW}]
END
printf '%s\n' '-- Databricks notebook source' \
    'CREATE OR REFRESH MATERIALIZED VIEW numbers AS SELECT 1 AS id' >"$work/src/notebook.sql"

passed=0
failed=0

# databricks WORD...: the CLI with no setting of this machine.
databricks() {
    (cd "$work" && env -i PATH="$PATH" HOME="$work/home" DATABRICKS_HOST="$value" \
        DATABRICKS_TOKEN=demo-token DATABRICKS_CONFIG_FILE=/dev/null BROWSER=none \
        DATABRICKS_BUNDLE_ENGINE=direct timeout 120 "$cli" "$@") >"$log" 2>&1
}

# check NAME STATUS: count a command, and show the output of one that failed.
check() {
    if [ "$2" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        tail -n 20 "$log"
        echo "databricks $1: failed"
    fi
}

# try WORDS: a command that must succeed; its words hold no blanks.
try() {
    # shellcheck disable=SC2086
    databricks $1
    check "$1" $?
}

while read -r words; do
    try "$words"
done <<END
$lists
$bundles
END

databricks bundle plan
grep -q "0 to add, 0 to change, 0 to delete" "$log"
check "bundle plan: nothing is left to change" $?
id=$(curl -sS -H "Authorization: Bearer demo-token" \
    "$value/api/2.0/pipelines?filter=name+LIKE+'sales_customers_scd'" |
    sed -n 's/.*"pipeline_id":"\([^"]*\)".*/\1/p')
try "bundle generate pipeline --existing-pipeline-id $id --key generated --force"
try "bundle destroy --auto-approve"
databricks lakeview list
grep -q "No API found for 'GET /lakeview/dashboards'" "$log"
check "lakeview list: refused in the words of the service" $?
finish "$passed" "$failed"
