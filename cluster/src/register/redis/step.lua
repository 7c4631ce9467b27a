-- One step of the register: it reads the key, and writes it if it is asked to and the key holds the expected cell.
-- KEYS[1]  the key of the throttle
-- ARGV[1]  the seal of the request
-- ARGV[2]  a number that no other request has
-- ARGV[3]  'read', 'touch' (writes the value that is there once more), or 'swap'
-- ARGV[4]  the milliseconds after which an unused key expires
-- ARGV[5]  to swap: the expected cell
-- ARGV[6]  to swap: the new cell
-- ARGV[7]  to swap: its mark with its terms; '' keeps those of the key
-- Answers  the seal of the answer, whether it was swapped, TIME in seconds and microseconds, and the value of the key
--          if it was not.
-- A seal is a digest of the number and of all else, so it shows what was changed, or was meant for another request.
-- A number here is a double, so a cell is compared as text and never used in arithmetic.
local function seal(...) return redis.sha1hex(table.concat({ARGV[2], ...}, '\n')) end
if ARGV[1] ~= seal(KEYS[1], unpack(ARGV, 3)) then
  return redis.error_reply('GARBLED the request was changed on its way')
end
local now = redis.call('TIME')
local function answer(swapped, held)
  return {seal(swapped, now[1], now[2], held), swapped, now[1], now[2], held}
end
local hex, none = ' ' .. string.rep('[0-9a-f]', 16), ' ' .. string.rep('-', 16)
local held = redis.pcall('GETRANGE', KEYS[1], 0, 105)
if type(held) == 'table' then return held end
local absent = held == '' and redis.call('EXISTS', KEYS[1]) == 0
if absent then
  held = 'at2' .. string.rep(' ' .. string.rep('0', 16), 2) .. string.rep(none, 4)
end
local mark, terms = string.sub(held, 38), string.sub(held, 55)
local whole = mark == string.rep(none, 4)
  or (string.find(mark, '^' .. hex .. ' ') and terms == string.rep(none, 3))
  or string.find(mark, '^' .. string.rep(hex, 4) .. '$')
if ARGV[3] == 'touch' and whole and not absent then
  redis.call('SET', KEYS[1], held, 'PX', ARGV[4])
end
if not (ARGV[3] == 'swap' and whole and string.sub(held, 1, 37) == ARGV[5]) then
  return answer(0, held)
end
if ARGV[7] ~= '' then mark = ' ' .. ARGV[7] end
redis.call('SET', KEYS[1], ARGV[6] .. mark, 'PX', ARGV[4])
return answer(1, '')
