-- Posts bodies in turn again and again, each with a number of its own in it; what is sent comes from the environment.
local run = os.getenv("BENCH_RUN")
local wait = tonumber(os.getenv("BENCH_WAIT_MS") or "0")
local targets = {}
for place = 0, tonumber(os.getenv("BENCH_TARGETS")) - 1 do
  local function given(name) return os.getenv("BENCH_" .. place .. "_" .. name) end
  local headers = {["Content-Type"] = "application/json"}
  for line in given("HEADERS"):gmatch("[^\n]+") do
    local name, value = line:match("^([^:]+): (.*)$")
    headers[name] = value
  end
  targets[place + 1] = {
    path = given("PATH"), before = given("BEFORE"), after = given("AFTER"), stamp = given("STAMP"), headers = headers
  }
end
local count = 0

if wait > 0 then
  function delay()
    return math.random(0, 2 * wait)
  end
end

function request()
  local target = targets[count % #targets + 1]
  count = count + 1
  local number = run .. "-" .. count
  if target.stamp ~= "" then target.headers[target.stamp] = number end
  return wrk.format("POST", target.path, target.headers, target.before .. number .. target.after)
end

function done(summary, latency, requests)
  io.write(string.format(
    "RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
