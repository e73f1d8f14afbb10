-- Posts the bodies of a file, drawn at random, for so many seconds; then lets what is under way come back, so that every request is whole:
-- of a slow server's a fixed time would cut off as many as it counts. Arguments: the file, the path, a seed, seconds, connections,
-- then headers as `name: value`. `UNSEEN` in a body becomes a number that never came before.

local ffi = require("ffi")
ffi.cdef("struct clock { long seconds; long nanoseconds; }; int clock_gettime(int, struct clock *);")
local clock = ffi.new("struct clock")

local requests, fresh, counter = {}, false, 0
local seconds, connections
local calls, returned, begun, deadline = 0, 0, nil, nil

local function now()
  ffi.C.clock_gettime(1, clock)
  return tonumber(clock.seconds) + tonumber(clock.nanoseconds) / 1e9
end

function init(arguments)
  local path, seed = arguments[2], tonumber(arguments[3])
  seconds, connections = tonumber(arguments[4]), tonumber(arguments[5])
  math.randomseed(seed)
  counter = seed * 10000000
  local headers = { ["content-type"] = "application/json" }
  for place = 6, #arguments do
    local name, value = arguments[place]:match("^(.-): (.*)$")
    headers[name] = value
  end
  for body in io.lines(arguments[1]) do
    fresh = fresh or body:find("UNSEEN", 1, true) ~= nil
    requests[#requests + 1] = fresh and { path, headers, body } or wrk.format("POST", path, headers, body)
  end
end

local function drawn()
  local chosen = requests[math.random(#requests)]
  if not fresh then return chosen end
  counter = counter + 1
  return wrk.format("POST", chosen[1], chosen[2], (chosen[3]:gsub("UNSEEN", string.format("%d", counter))))
end

-- wrk calls it once to look at what comes, then for each connection as soon as that has its answer.
function request()
  calls = calls + 1
  if calls == 1 then return drawn() end
  local time = now()
  if not begun then begun, deadline = time, time + seconds end
  if time < deadline then return drawn() end
  returned = returned + 1
  if returned == connections then
    io.write(string.format("DRAINED %d %f\n", calls - 1 - connections, time - begun))
    io.flush()
  end
  return "" -- writes nothing: the connection rests
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"answered":%d,"bytes":%d,"p50_ms":%f,"p90_ms":%f,"p99_ms":%f,"longest_ms":%f,"failed":%d}\n',
    summary.requests, summary.bytes,
    latency:percentile(50) / 1e3, latency:percentile(90) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
