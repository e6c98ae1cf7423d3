"""What the server does in one step: Lua scripts of Redis and Valkey (from version 5 on).

Each is given the prefix of the keys, the worker, and the milliseconds of a lease, then its own
arguments. The keys follow from these, so a cluster of servers, which wants them named, is not served.
"""

_HEAD = """
local prefix, worker, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function key(...) return prefix .. ':' .. table.concat({...}, ':') end
local function holds(domain) return redis.call('GET', key('lease', domain)) == worker end
"""

# Options, name → {'ok'}, {'other', options of the crawl under way}, {'copy', name of the other}.
JOIN = (
    _HEAD
    + """
local options, name = ARGV[4], ARGV[5]
redis.call('ZREMRANGEBYSCORE', key('workers'), '-inf', now)
local before = redis.call('HGET', key('names'), worker)
if redis.call('ZSCORE', key('workers'), worker) and before ~= name then return {'copy', before} end
redis.call('ZREM', key('workers'), worker)
if redis.call('ZCARD', key('workers')) == 0 then
  redis.call('DEL', key('finished'))
  redis.call('SET', key('crawl'), options)
elseif redis.call('GET', key('crawl')) ~= options then
  return {'other', redis.call('GET', key('crawl'))}
end
redis.call('ZADD', key('workers'), now + lease, worker)
redis.call('HSET', key('names'), worker, name)
return {'ok'}
"""
)

# How many, whether as a guest, domains → workers alive, {domain, 'finished'}, {domain, 'leased', each}.
TAKE = (
    _HEAD
    + """
local wanted, guest = tonumber(ARGV[4]), ARGV[5] == '1'
local answer = {redis.call('ZCOUNT', key('workers'), now, '+inf')}
for i = 6, #ARGV do
  local domain = ARGV[i]
  if not guest and redis.call('SISMEMBER', key('finished'), domain) == 1 then
    answer[#answer + 1] = {domain, 'finished'}
  elseif wanted > 0 then
    local group = guest and {} or redis.call('SMEMBERS', key('needs', domain))
    group[#group + 1] = domain
    local free = true
    for _, one in ipairs(group) do
      local holder = redis.call('GET', key('lease', one))
      free = free and (not holder or holder == worker or holder == 'rest ' .. worker)
    end
    if free then
      for _, one in ipairs(group) do redis.call('SET', key('lease', one), worker, 'PX', lease) end
      answer[#answer + 1] = {domain, 'leased', unpack(group)}
      wanted = wanted - 1
    end
  end
end
return answer
"""
)

# Domains → those that the worker does not hold any more.
RENEW = (
    _HEAD
    + """
redis.call('ZADD', key('workers'), now + lease, worker)
local lost = {}
for i = 4, #ARGV do
  if holds(ARGV[i]) then
    redis.call('PEXPIRE', key('lease', ARGV[i]), lease)
  else
    lost[#lost + 1] = ARGV[i]
  end
end
return lost
"""
)

# Domain, then 'rows', 'hosts' or 'forgotten', field and value of each → the number of the last change;
# -1: not held. Of a row that is gone the change stays, for others to learn of it, but not of a forgotten one.
WRITE = (
    _HEAD
    + """
local domain = ARGV[4]
if not holds(domain) then return -1 end
local rows, changes = key('rows', domain), key('changes', domain)
local last = redis.call('ZREVRANGE', changes, 0, 0, 'WITHSCORES')
local number = tonumber(last[2] or 0)
for i = 5, #ARGV, 3 do
  local kind, field, value = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if kind == 'forgotten' then
    redis.call('HDEL', rows, field)
    redis.call('ZREM', changes, field)
  elseif value == '' then
    redis.call('HDEL', key(kind, domain), field)
  else
    redis.call('HSET', key(kind, domain), field, value)
  end
  if kind == 'rows' then
    number = number + 1
    redis.call('ZADD', changes, number, field)
  end
end
return number
"""
)

# The finished domain or '', then domain and milliseconds of rest of each.
LET_GO = (
    _HEAD
    + """
if ARGV[4] ~= '' and holds(ARGV[4]) then
  redis.call('SADD', key('finished'), ARGV[4])
  redis.call('DEL', key('needs', ARGV[4]))
end
for i = 5, #ARGV, 2 do
  local domain, rest = ARGV[i], tonumber(ARGV[i + 1])
  if holds(domain) then
    if rest > 0 then
      redis.call('SET', key('lease', domain), 'rest ' .. worker, 'PX', rest)
    else
      redis.call('DEL', key('lease', domain))
    end
  end
end
"""
)
