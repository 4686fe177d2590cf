"""The Lua scripts that write to sessions: each does all of its work or none of it, whoever else writes.

Each script has the keys of the session as KEYS (see ``Session.keys``), its time to live in milliseconds (or nothing) as
ARGV[1], and as ARGV[2] whether that starts anew with each write. Whatever a write leaves expires when the session does.
Those that add messages have as ARGV[3] how many are kept at most (or nothing), and as ARGV[4] whether the system
messages at the start are kept too.
"""

from __future__ import annotations

_BEFORE = (
    "local left=-1 for i=1,#KEYS do left=math.max(left,redis.call('PTTL',KEYS[i])) end "
    "if ARGV[1]~='' and (ARGV[2]=='1' or left<1) then left=tonumber(ARGV[1]) end "
)
_AFTER = "if left>0 then for i=1,#KEYS do redis.call('PEXPIRE',KEYS[i],left) end end "

# The mark of an entry (see ``message_format``) tells whether it calls tools or is a result, and the ids of the calls.
# Of calls that are trimmed before they are answered, KEYS[4] has the ids: what answers them later goes as well.
_MARKS = r"""
local function mark(entry)
  local kind,text=string.match(entry,'^%["%w+:(%l):?([%x,]*)"')
  local ids={}
  for id in string.gmatch(text or '','%x+') do ids[#ids+1]=id end
  return {kind=kind,ids=ids}
end
local function marks(entries)
  local found={}
  for i,entry in ipairs(entries) do found[i]=mark(entry) end
  return found
end
local function is_late(entry)
  local its=mark(entry)
  for _,id in ipairs(its.ids) do
    if its.kind=='c' then redis.call('SREM',KEYS[4],id)
    elseif its.kind=='t' and redis.call('SISMEMBER',KEYS[4],id)==1 then return true end
  end
  return false
end
"""

# Messages are cut off before the first place, from the limit on, where no result is parted from its call. If only
# nothing would be left then, it is the last such place before the limit: one call with its results may be longer.
_TRIM = (
    _MARKS
    + r"""
local function unanswered(its,last)
  local open={}
  for i=1,last do
    for _,id in ipairs(its[i].ids) do open[id]=its[i].kind=='c' or nil end
    if its[i].kind=='c' and #its[i].ids==0 then open.unnamed=true end
  end
  return open
end
local function whole_from(its)
  local calls,unnamed,of={},0,{}
  for i,it in ipairs(its) do
    if it.kind=='c' then
      for _,id in ipairs(it.ids) do calls[id]=i end
      if #it.ids==0 then unnamed=i end
    elseif it.kind=='t' then
      of[i]=unnamed
      for _,id in ipairs(it.ids) do of[i]=calls[id] or of[i] end
    end
  end
  local whole,first={},#its
  for i=#its,1,-1 do
    if of[i] and of[i]>0 then first=math.min(first,of[i]) end
    whole[i]=its[i].kind~='t' and first>=i
  end
  return whole
end
local function place_to_cut(whole,limit)
  for i=limit,#whole do if whole[i] then return i end end
  for i=limit-1,1,-1 do if whole[i] then return i end end
  return limit
end
local function trim(key)
  local most,n=tonumber(ARGV[3]),redis.call('LLEN',key)
  if n<=most then return end
  local head=0
  if ARGV[4]=='1' then
    while head<most-1 and mark(redis.call('LINDEX',key,head)).kind=='s' do head=head+1 end
  end
  -- Places count from what follows the head.
  local cut=n-most+1
  local its=marks(redis.call('LRANGE',key,head,head+cut-1))
  if its[cut].kind=='t' or next(unanswered(its,cut-1)) then
    its=marks(redis.call('LRANGE',key,head,-1))
    cut=place_to_cut(whole_from(its),cut)
  end
  if cut==1 then return end
  for id in pairs(unanswered(its,cut-1)) do redis.call('SADD',KEYS[4],id) end
  while redis.call('SCARD',KEYS[4])>1000 do redis.call('SPOP',KEYS[4]) end
  local kept=head>0 and redis.call('LRANGE',key,0,head-1) or {}
  redis.call('LTRIM',key,head+cut-1,-1)
  for i=#kept,1,-1 do redis.call('LPUSH',key,kept[i]) end
end
"""
)
_KEEP_ALL = "local function is_late() return false end local function trim() end "

# An append that was made already is known by its last entry, which is near the end of the list.
_APPEND = r"""
local key=KEYS[tonumber(ARGV[5])]
if ARGV[6]=='1' then redis.call('DEL',KEYS[1],KEYS[2],KEYS[4]) end
local new={}
for i=9,#ARGV do if not is_late(ARGV[i]) then new[#new+1]=ARGV[i] end end
if #new==0 or not redis.call('LPOS',key,new[#new],'RANK',-1,'MAXLEN',1000) then
  for i=9,#ARGV do if string.sub(ARGV[7],i-8,i-8)=='1' then
    redis.call('SADD',KEYS[3],ARGV[8]..string.sub(ARGV[i],3,28))
    redis.call('ZADD',KEYS[5],0,ARGV[i])
  end end
  redis.call('ZREMRANGEBYRANK',KEYS[5],0,-1001)
  for _,entry in ipairs(new) do redis.call('RPUSH',key,entry) end
  if #new>0 then trim(key) end
end
"""
# An insertion can be anywhere.
_INSERT = r"""
local key,at,new=KEYS[1],tonumber(ARGV[5]),ARGV[6]
if not is_late(new) and not redis.call('LPOS',key,new) then
  local n=redis.call('LLEN',key)
  if at<0 then at=math.max(0,n+at) end
  if at>=n then redis.call('RPUSH',key,new) else
    local old=redis.call('LINDEX',key,at)
    redis.call('LSET',key,at,new)
    redis.call('LINSERT',key,'AFTER',new,old)
  end
  trim(key)
end
"""


def append_script(*, trimming: bool) -> str:
    """Return the script that appends entries.

    ARGV[5] says which of the keys gets them, and ARGV[6] whether they replace all others. ARGV[7] has a ``1`` in the
    place of each that is to be found by meaning, and ARGV[8] is what the keys of records start with. It returns the
    milliseconds that are left, and how many entries wait to be indexed.
    """
    return _write(_APPEND, trimming=trimming) + "return {left,redis.call('ZCARD',KEYS[5])}"


def insert_script(*, trimming: bool) -> str:
    """Return the script that inserts an entry, ARGV[6], at a place, ARGV[5]; what is there goes after it."""
    return _write(_INSERT, trimming=trimming)


def _write(script: str, *, trimming: bool) -> str:
    return _BEFORE + (_TRIM if trimming else _KEEP_ALL) + script + _AFTER


# ARGV[3] says whether to keep what goes, and ARGV[4] is the last entry to go.
SHIFT = (
    f"{_BEFORE}local n=redis.call('LPOS',KEYS[1],ARGV[4]) if n then "
    "if ARGV[3]=='1' then for _,entry in ipairs(redis.call('LRANGE',KEYS[1],0,n)) do "
    "redis.call('RPUSH',KEYS[2],entry) end end "
    f"redis.call('LTRIM',KEYS[1],n+1,-1) end {_AFTER}"
)
# Returns the messages.
TAKE = "local held=redis.call('LRANGE',KEYS[1],0,-1) redis.call('DEL',unpack(KEYS)) return held"
# Returns the keys of the records.
FORGET = "local held=redis.call('SMEMBERS',KEYS[3]) redis.call('DEL',unpack(KEYS)) return held"
# ARGV[3] is how many entries were indexed. After it come the keys of their records, as they were foreseen and as they
# are, then the entries, then those that cannot be indexed. Returns the milliseconds that are left, and the keys of
# records whose session was removed meanwhile.
INDEXED = (
    _BEFORE
    + r"""
local n,removed=tonumber(ARGV[3]),{}
for i=4,3+n do
  local foreseen,key=ARGV[i],ARGV[n+i]
  redis.call('ZREM',KEYS[5],ARGV[n+n+i])
  if redis.call('SISMEMBER',KEYS[3],foreseen)==0 and redis.call('SISMEMBER',KEYS[3],key)==0 then
    removed[#removed+1]=key
  elseif key~=foreseen then redis.call('SADD',KEYS[3],key) end
end
for i=4+3*n,#ARGV do
  if redis.call('ZSCORE',KEYS[5],ARGV[i]) then redis.call('ZINCRBY',KEYS[5],1,ARGV[i]) end
end
"""
    + _AFTER
    + "return {left,removed}"
)
# Returns how many messages there are, and the start of the last one, in which its id is.
SUMMARY = "local last=redis.call('LINDEX',KEYS[1],-1) return {redis.call('LLEN',KEYS[1]),string.sub(last or '',1,28)}"
