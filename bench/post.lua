-- Posts a body again and again with a number of its own in it; what is sent comes from the environment.
local path = os.getenv("BENCH_PATH")
local before = os.getenv("BENCH_BEFORE")
local after = os.getenv("BENCH_AFTER")
local run = os.getenv("BENCH_RUN")
local headers = {["Content-Type"] = "application/json"}
for line in os.getenv("BENCH_HEADERS"):gmatch("[^\n]+") do
  local name, value = line:match("^([^:]+): (.*)$")
  headers[name] = value
end
local stamp = os.getenv("BENCH_STAMP")
local wait = tonumber(os.getenv("BENCH_WAIT_MS") or "0")
local count = 0

if wait > 0 then
  function delay()
    return math.random(0, 2 * wait)
  end
end

function request()
  count = count + 1
  local number = run .. "-" .. count
  if stamp ~= "" then headers[stamp] = number end
  return wrk.format("POST", path, headers, before .. number .. after)
end

function done(summary, latency, requests)
  io.write(string.format(
    "RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
