-- One step of the register: it reads the key, and swaps if it is asked to and the key holds the expected cell.
-- KEYS[1]  the key of the throttle
-- ARGV     to read: none; to swap: the expected cell, the new one, its mark ('' keeps the mark of the key),
--          and the milliseconds after which an unused key expires
-- Answers  whether it was swapped, TIME in seconds and microseconds, and the value of the key if it was not.
-- A number here is a double, so a cell is compared as text and never used in arithmetic.
local held = redis.pcall('GETRANGE', KEYS[1], 0, 54)
if type(held) == 'table' then return held end
if held == '' and redis.call('EXISTS', KEYS[1]) == 0 then
  held = 'at1 ' .. string.rep('0', 16) .. ' ' .. string.rep('0', 16) .. ' ' .. string.rep('-', 16)
end
local now = redis.call('TIME')
local mark = string.sub(held, 39)
local whole = #held == 54 and (mark == string.rep('-', 16) or string.find(mark, '^[0-9a-f]+$'))
if not (ARGV[1] and whole and string.sub(held, 1, 38) == ARGV[1] .. ' ') then
  return {0, now[1], now[2], held}
end
if ARGV[3] ~= '' then mark = ARGV[3] end
redis.call('SET', KEYS[1], ARGV[2] .. ' ' .. mark, 'PX', ARGV[4])
return {1, now[1], now[2], ''}
