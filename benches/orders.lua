-- Orders for wrk: one product in 70 % of them, three in the others. USERS and PRODUCTS of the environment say how many there are.
math.randomseed(os.time())
local users, products = tonumber(os.getenv("USERS")), tonumber(os.getenv("PRODUCTS"))
local headers = { ["content-type"] = "application/json" }
local function line() return string.format('{"product_id":%d,"quantity":1}', math.random(products)) end
function request()
  local lines = line()
  if math.random() > 0.7 then lines = lines .. "," .. line() .. "," .. line() end
  return wrk.format("POST", "/orders", headers, string.format('{"user_id":%d,"items":[%s]}', math.random(users), lines))
end
function done(summary, latency)
  local failed = summary.errors.status + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format("RESULT %.0f %.1f %d\n", summary.requests / summary.duration * 1e6, latency:percentile(99) / 1e3, failed))
end
