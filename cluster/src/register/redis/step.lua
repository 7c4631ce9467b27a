-- One step of the register: it reads the key, and swaps if it is asked to and the key holds the expected cell.
-- KEYS[1]  the key of the throttle
-- ARGV     to read: none; to swap: the expected cell, the new one, its mark with its terms ('' keeps those of
--          the key), and the milliseconds after which an unused key expires
-- Answers  whether it was swapped, TIME in seconds and microseconds, and the value of the key if it was not.
-- A number here is a double, so a cell is compared as text and never used in arithmetic.
local hex, none = ' ' .. string.rep('[0-9a-f]', 16), ' ' .. string.rep('-', 16)
local held = redis.pcall('GETRANGE', KEYS[1], 0, 105)
if type(held) == 'table' then return held end
if held == '' and redis.call('EXISTS', KEYS[1]) == 0 then
  held = 'at2' .. string.rep(' ' .. string.rep('0', 16), 2) .. string.rep(none, 4)
end
local now = redis.call('TIME')
local mark, terms = string.sub(held, 38), string.sub(held, 55)
local whole = mark == string.rep(none, 4)
  or (string.find(mark, '^' .. hex .. ' ') and terms == string.rep(none, 3))
  or string.find(mark, '^' .. string.rep(hex, 4) .. '$')
if not (ARGV[1] and whole and string.sub(held, 1, 37) == ARGV[1]) then
  return {0, now[1], now[2], held}
end
if ARGV[3] ~= '' then mark = ' ' .. ARGV[3] end
redis.call('SET', KEYS[1], ARGV[2] .. mark, 'PX', ARGV[4])
return {1, now[1], now[2], ''}
