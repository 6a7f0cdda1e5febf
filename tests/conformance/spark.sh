#!/bin/sh
# spark.sh [BUILD [SEED]]: Spark as the judge of the statements that BUILD/tarn sends. Without Java
# or the registry of pyspark the suite is skipped, with the reason. `spark.sh BUILD scale` measures
# the statements against those without bounds, on millions of rows (./dev scale).
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${1:-build}
log=$build/spark.log
cases() {
    sed -n "/^$1 = /,/^]/p" tests/conformance/spark/cases.py | grep -c '^    ('
}
count=$(($(cases ZONED) * 3 + $(cases ONCE)))
. tests/support/pip.sh

command -v java >/dev/null 2>&1 || skip "java is not installed"
java -version 2>&1 | grep -Eq 'version "(1[7-9]|2[0-9])' || skip "java is older than 17"
pip_install "$build" tests/conformance/spark.txt

export PYTHONDONTWRITEBYTECODE=1
if [ "${2-}" = scale ]; then
    exec "$python" tests/conformance/spark/scale.py "$build/tarn"
fi
exec "$python" tests/conformance/spark/main.py "$build/tarn" ${2+"$2"} 2>"$log"
