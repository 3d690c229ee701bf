#!/bin/bash
# Stands in for the engine: train RUN.json --out DIR [--resume]. What it does is the run's name, up to the first space.
# Writes the same journal, lease and artifacts as the engine, without a model.
config=$2 out=$4
scenario=$(sed -n 's/.*"name": "\([a-z-]*\).*/\1/p' "$config")
cd "$out" || exit 2
journal=journal.jsonl
seq=$(wc -l <"$journal" 2>/dev/null || echo 0)
steps=$(grep -c '"kind":"metrics"' "$journal" 2>/dev/null)
steps=${steps:-0}
resumed=false; [ "$5" = --resume ] && resumed=true

now() { date -u +%Y-%m-%dT%H:%M:%S.%6NZ; }
say() { seq=$((seq + 1)); printf '{"seq":%d,"at":"%s","kind":"%s"%s}\n' "$seq" "$(now)" "$1" "${2:+,$2}" >>"$journal"; }
lease() { printf '{"host":"%s","pid":%d,"started_at":"%s","heartbeat_at":"%s"}' "$(hostname)" $$ "$started" "$(now)" >lease.tmp && mv lease.tmp lease.json; }
metrics() {
  say metrics "\"iteration\":0,\"step\":$steps,\"global_step\":$steps,\"epoch\":0.1,\"tokens\":$((steps * 10)),\"values\":{\"loss\":0.$((6931 - steps)),\"rewards/margins\":$steps}"
  steps=$((steps + 1))
}
stop() { say checkpoint "\"iteration\":0,\"step\":$steps,\"path\":\"iteration-0/checkpoint-$steps\",\"bytes\":10"; say stopped '"reason":"SIGTERM"'; exit 75; }

if [ "$scenario" = refuses ]; then
  echo "dataset: row 17 has no response" >&2
  exit 2
fi

started=$(now)
lease
trap stop TERM
[ "$scenario" = stubborn ] && trap '' TERM
echo "engine of $scenario starts, OMP_WAIT_POLICY=$OMP_WAIT_POLICY, nice $(nice)"
say started "\"resumed\":$resumed,\"engine_version\":\"0\",\"libtorch_version\":\"0\",\"device\":\"cpu\",\"dtype\":\"fp32\",\"threads\":1,\"pid\":$$"

case $scenario in
  crash) kill -9 $$ ;;
  segfault) kill -11 $$ ;;
  fails) say failed '"cause":"not_finite","message":"The loss is not finite at step 3.","fixes":["Lower the learning rate.","Use fp32."]'; exit 1 ;;
esac

say phase '"iteration":0,"phase":"generate","state":"started"'
mkdir -p iteration-0/model
pair() { printf '{"index":%d,"sample":0,"prompt_id":"%s","prompt":"%s","real":"%s","generated":"%s","generated_ids":[1,2,3],"finish_reason":"stop","exact":%s}\n' "$@"; }
if [ ! -e iteration-0/pairs.jsonl ]; then
  say sample '"iteration":0,"split":"train","prompt_id":"00000000000000a1","prompt":"Say hello.","real":"Hello!","generated":"Hullo.","finish_reason":"stop"'
  { pair 0 00000000000000a1 'Say hello.' 'Hello!' 'Hullo.' false; pair 1 00000000000000a2 'Say bye.' 'Bye!' '=1+1' true; } >iteration-0/pairs.jsonl
fi
say phase '"iteration":0,"phase":"generate","state":"finished"'
say phase '"iteration":0,"phase":"train","state":"started"'

case $scenario in
  slow | stubborn | endless)
    while [ "$scenario" = endless ] || [ "$steps" -lt 40 ]; do metrics; lease; sleep 0.15; done ;;
  gated) # goes on until somebody puts a file called "open" into the folder
    while [ ! -e open ]; do metrics; lease; sleep 0.05; done ;;
  crash-once)
    if [ $resumed = false ]; then metrics; metrics; printf '{"seq":99999,"at":"torn' >>"$journal"; kill -9 $$; fi
    # The engine cuts a torn last line when it takes the folder again; nothing of it was an event.
    while [ "$steps" -lt 5 ]; do metrics; done ;;
  *) while [ "$steps" -lt 5 ]; do metrics; done ;;
esac

say progress '"iteration":0,"phase":"train","done":5,"total":5,"unit":"steps","tokens_per_second":1234.5,"overall":0.9,"eta_seconds":1'
say phase '"iteration":0,"phase":"train","state":"finished"'
echo '{"architectures":["LlamaForCausalLM"]}' >iteration-0/model/config.json
echo weights >iteration-0/model/model.safetensors
{ pair 0 00000000000000b1 'Say yes.' 'Yes!' 'Yes!' true; } >iteration-0/held-out-samples.jsonl
say iteration "\"iteration\":0,\"model\":\"iteration-0/model\",\"sha256\":\"$(sha256sum iteration-0/model/model.safetensors | cut -d' ' -f1)\",\"pairs\":2,\"dropped\":{\"identical\":1},\"seconds\":1"
say evaluation '"report":{"iteration":0,"examples":1,"nll":{"mean":1.5,"low":1.4,"high":1.6,"count":1},"mean_length":3,"truncated_share":0}'
[ "$scenario" = advised ] && say advice '"iteration":0,"advice":"stop","keep":0,"sentence":"Nothing to gain.","evidence":["2 prompts"],"ends":false'
say finished '"model":"iteration-0/model","seconds":2'
