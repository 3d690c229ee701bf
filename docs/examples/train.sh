#!/bin/bash
# From a token to a finished run: uploads rows, makes a dataset of them, starts a run with a model of the studio, follows it and fetches the result.
#
#   ./train.sh http://localhost:5080 spin_… rows.jsonl
set -euo pipefail
studio=$1 token=$2 file=$3 name=${4:-quick}

ask() { # METHOD PATH [JSON]
  curl -sS --fail-with-body -X "$1" "$studio/api/v1$2" -H "Authorization: Bearer $token" ${3:+-H 'Content-Type: application/json' -d "$3"}
}

field() { # NAME: the first value of that name in an answer
  awk -F'"' -v name="$1" '{ for (i = 2; i < NF; i++) if ($i == name) { print $(i + 2); exit } }'
}

# 1. Announce the file, then send its bytes. An interrupted upload goes on at the offset that GET /uploads/{id} tells.
upload=$(ask POST /uploads "{\"file_name\":\"$(basename "$file")\",\"length\":$(stat -c %s "$file")}" | field id)
curl -sS --fail-with-body -X PUT "$studio/api/v1/uploads/$upload?offset=0" -H "Authorization: Bearer $token" --data-binary @"$file" >/dev/null

# 2. Make a dataset of it. Bad rows refuse the whole import, with their numbers.
dataset=$(ask POST /datasets "{\"upload_ids\":[\"$upload\"],\"name\":\"$(basename "$file") $upload\"}" | field id)

# 3. Start. The same client_request_id again returns the run that exists, so a lost answer costs nothing.
model=$(ask GET /models | field id)
run=$(ask POST /runs "{\"config\":{\"name\":\"$name\",\"model\":\"\",\"dataset\":\"\",\"iterations\":1},\"model_id\":\"$model\",\"dataset_id\":\"$dataset\",\"client_request_id\":\"train-$upload\"}" | field id)
echo "run $run"

# 4. Follow. (follow-run.mjs does it without asking again and again.)
until status=$(ask GET "/runs/$run" | field status) && [[ $status =~ ^(completed|failed|stopped)$ ]]; do sleep 1; done
echo "status $status"
[ "$status" = completed ] || { ask GET "/runs/$run" | field message >&2; exit 1; }

# 5. Download the model of the last iteration, as a zip of its Hugging Face folder.
result=$(ask GET "/runs/$run" | field final_model_id)
curl -sS --fail-with-body -o "${file%.*}.zip" "$studio/api/v1/models/$result/download" -H "Authorization: Bearer $token"
echo "model ${file%.*}.zip"
