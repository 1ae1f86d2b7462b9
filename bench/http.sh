#!/usr/bin/env bash
# Requests a second of a poll-sized JSON answer against nginx with one worker and a fixed answer, on this machine in
# this run: interleaved rounds, medians of the ratios. Server on one core, wrk on another. Needs nginx-light and wrk.
# CPU time a request (of the server process, from /proc) is the figure to trust on a machine that does other work.
#   bench/http.sh [rounds] [seconds]
set -euo pipefail
cd "$(dirname "$0")/.."
for tool in nginx wrk openssl curl taskset; do
  command -v "$tool" >/dev/null || { echo "bench/http.sh needs $tool: ./dev bench installs nginx-light and wrk" >&2; exit 1; }
done
rounds=${1:-5} seconds=${2:-3}
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

cmake --preset release >/dev/null
cmake --build build/release --target hf_http_bench >/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
  -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
answer='{"config":{"polling":{"sleep":"00:05:00"}},"_links":{"deploymentBase":{"href":"/d/12345"}}}'
cat >"$work/nginx.conf" <<CONF
worker_processes 1;
worker_cpu_affinity 01;
daemon off;
pid $work/nginx.pid;
error_log $work/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path $work/b; proxy_temp_path $work/p; fastcgi_temp_path $work/f;
  uwsgi_temp_path $work/u; scgi_temp_path $work/s;
  ssl_session_cache shared:S:10m; ssl_protocols TLSv1.2 TLSv1.3;
  server {
    listen 127.0.0.1:18080; listen 127.0.0.1:18443 ssl;
    ssl_certificate $work/cert.pem; ssl_certificate_key $work/key.pem;
    location / { default_type application/json; return 200 '$answer'; }
  }
}
CONF
nginx -c "$work/nginx.conf" -p "$work" & nginx=$!; pids+=("$nginx")
taskset -c 0 build/release/src/net/hf_http_bench 18081 plain & plain=$!; pids+=("$plain")
taskset -c 0 build/release/src/net/hf_http_bench 18444 tls & tls=$!; pids+=("$tls")
for port in 18080 18443 18081 18444; do
  until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.05; done
done
body=$(curl -s http://127.0.0.1:18081/poll/1)
[ "$body" = "$answer" ] || { echo "unexpected answer: $body"; exit 1; }

nginx=$(pgrep -P "$nginx") # its one worker
ticks() { awk '{print $14 + $15}' "/proc/$1/stat"; }
measure() { # URL PID -> "requests/s microseconds-of-server-CPU/request"
  local before; before=$(ticks "$2")
  taskset -c 1 wrk -t1 -c48 -d"${seconds}s" "$1" >"$work/wrk"
  grep -E 'Non-2xx|Socket errors' "$work/wrk" >&2 || true
  awk -v cpu=$(($(ticks "$2") - before)) -v hz="$(getconf CLK_TCK)" \
    '/requests in/ {n = $1} /Requests\/sec/ {print $2, cpu / hz / n * 1e6}' "$work/wrk"
}
median() { sort -n | awk '{v[NR]=$1} END {print (NR%2) ? v[(NR+1)/2] : (v[NR/2]+v[NR/2+1])/2}'; }
names=(plain_loop plain_worker tls_loop)
ours=(http://127.0.0.1:18081/poll/1 http://127.0.0.1:18081/worker/1 https://127.0.0.1:18444/poll/1)
theirs=(http://127.0.0.1:18080/poll/1 http://127.0.0.1:18080/poll/1 https://127.0.0.1:18443/poll/1)
processes=("$plain" "$plain" "$tls")
for ((r = 0; r < rounds; ++r)); do
  for i in "${!names[@]}"; do
    read -r a a_cpu <<<"$(measure "${ours[i]}" "${processes[i]}")"
    read -r b b_cpu <<<"$(measure "${theirs[i]}" "$nginx")"
    echo "$a" >>"$work/ours.$i"; echo "$b" >>"$work/theirs.$i"
    echo "$a_cpu" >>"$work/ours_cpu.$i"; echo "$b_cpu" >>"$work/theirs_cpu.$i"
    awk -v a="$a" -v b="$b" 'BEGIN {print a / b}' >>"$work/ratio.$i"
    awk -v a="$a_cpu" -v b="$b_cpu" 'BEGIN {print b / a}' >>"$work/ratio_cpu.$i"
  done
done
of() { median <"$work/$1.$2"; }
printf '%-14s %10s %10s %7s | %12s %12s %9s\n' case holdfast/s nginx/s ratio 'holdfast us' 'nginx us' cpu-ratio
for i in "${!names[@]}"; do
  printf '%-14s %10.0f %10.0f %7.2f | %12.1f %12.1f %9.2f\n' "${names[i]}" "$(of ours "$i")" "$(of theirs "$i")" \
    "$(of ratio "$i")" "$(of ours_cpu "$i")" "$(of theirs_cpu "$i")" "$(of ratio_cpu "$i")"
done
figure() { # CASE FIGURE VALUE UNIT, as support/bench.h describes
  printf '{"bench": "http", "figure": "%s: %s", "value": %s, "unit": "%s"}\n' "$1" "$2" "$3" "$4"
}
titles=("plain, from the loop" "plain, from a worker" "TLS, from the loop")
for i in "${!names[@]}"; do
  figure "${titles[i]}" "requests/s" "$(of ours "$i")" 1/s
  figure "${titles[i]}" "requests/s of nginx" "$(of theirs "$i")" 1/s
  figure "${titles[i]}" "ratio to nginx" "$(of ratio "$i")" ""
  figure "${titles[i]}" "server CPU us per request" "$(of ours_cpu "$i")" us
  figure "${titles[i]}" "server CPU us per request of nginx" "$(of theirs_cpu "$i")" us
done
