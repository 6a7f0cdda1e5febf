--- The result of a statement: manifest, chunks, and the external links to them.
--
-- An external link is an address of this server that expires. A request to it needs no token, and
-- one with a token is refused, as cloud storage does.

local json = require "native.json"
local clock = require "sandbox.clock"
local reply = require "sandbox.http.reply"
local types = require "sandbox.sql.types"

local M = {}

local CHUNK_ROWS <const> = 20000
local CHUNK_BYTES <const> = 4 * 1024 * 1024
local INLINE_BYTES <const> = 25 * 1024 * 1024
local LINK_SECONDS <const> = 900

local function row_size(row)
  local size = 2
  for _, value in ipairs(row) do
    size = size + (value == json.null and 5 or #value + 3)
  end
  return size
end

-- Rows as chunks { from, rows, bytes }, their size in bytes, and whether a limit cut the result.
local function split(s, rows)
  local max_rows = s.hint.chunk_rows or CHUNK_ROWS
  local chunks, total, chunk = {}, 0, nil
  for i, row in ipairs(rows) do
    local size = row_size(row)
    if s.row_limit and i > s.row_limit or s.byte_limit and total + size > s.byte_limit then
      return chunks, total, true
    end
    if not chunk or #chunk.rows >= max_rows or chunk.bytes >= CHUNK_BYTES then
      chunk = { from = i - 1, rows = {}, bytes = 0 }
      chunks[#chunks + 1] = chunk
    end
    chunk.rows[#chunk.rows + 1] = row
    chunk.bytes = chunk.bytes + size
    total = total + size
  end
  return chunks, total, false
end

local function schema(columns)
  local list = json.array {}
  for i, column in ipairs(columns) do
    local name, text, precision, scale = types.describe(column.type)
    list[i] = {
      name = column.name, position = i - 1, type_name = name, type_text = text,
      type_precision = precision, type_scale = scale,
    }
  end
  return { column_count = #columns, columns = list }
end

local function chunk_info(chunk, i)
  return {
    chunk_index = i - 1, row_offset = chunk.from, row_count = #chunk.rows,
    byte_count = chunk.bytes,
  }
end

--- A statement's result; or nil, and why it fails.
---@param s table the statement
---@param rows sandbox.Result
---@return table? result { manifest, chunks }
---@return string? failure
function M.make(s, rows)
  local chunks, total, truncated = split(s, rows.rows)
  if s.disposition == "INLINE" and total > INLINE_BYTES then
    return nil, ("Inline byte limit exceeded. Statements executed with disposition=INLINE can have "
      .. "a result size of at most %d bytes. Please execute the statement with "
      .. "disposition=EXTERNAL_LINKS if you want to download the full result.")
      :format(INLINE_BYTES)
  end
  local count, infos = 0, {}
  for i, chunk in ipairs(chunks) do
    count = count + #chunk.rows
    infos[i] = chunk_info(chunk, i)
  end
  return {
    chunks = chunks,
    columns = rows.columns,
    manifest = {
      format = s.format,
      schema = schema(rows.columns),
      total_chunk_count = #chunks,
      chunks = #infos > 0 and infos or nil,
      total_row_count = count,
      total_byte_count = total,
      truncated = truncated,
    },
  }
end

local function csv_field(value)
  if value == json.null then
    return ""
  elseif value:find '[,"\r\n]' then
    return '"' .. value:gsub('"', '""') .. '"'
  end
  return value
end

-- A chunk as CSV; only the first chunk has the header.
local function csv(result, index)
  local lines = {}
  if index == 0 then
    local names = {}
    for i, column in ipairs(result.columns) do
      names[i] = csv_field(column.name)
    end
    lines[1] = table.concat(names, ",")
  end
  for _, row in ipairs(result.chunks[index + 1].rows) do
    local cells = {}
    for i, value in ipairs(row) do
      cells[i] = csv_field(value)
    end
    lines[#lines + 1] = table.concat(cells, ",")
  end
  return table.concat(lines, "\n") .. "\n"
end

local function links_of(server)
  server.links = server.links or {}
  return server.links
end

local function link(s, index, req)
  local server, now = req.server, req.server.clock:now()
  local links = links_of(server)
  for token, entry in pairs(links) do
    if entry.expires + LINK_SECONDS * 1000 < now then
      links[token] = nil
    end
  end
  local token = ("%016x%016x"):format(math.random(0), math.random(0))
  local expires = now + (s.hint.link_seconds or LINK_SECONDS) * 1000
  links[token] = { statement = s, index = index, expires = expires }
  return ("%s/external/%s?X-Amz-Expires=%d&X-Amz-Signature=%016x"):format(server:url(req), token,
    (expires - now) // 1000, math.random(0)), clock.iso(expires)
end

--- ResultData of a chunk; nil if there is no chunk with that number.
---@param s table
---@param index integer from 0
---@param req table
---@return table?
function M.chunk(s, index, req)
  local chunk = s.result.chunks[index + 1]
  if not chunk then
    return nil
  end
  local data = chunk_info(chunk, index + 1)
  if s.result.chunks[index + 2] then
    data.next_chunk_index = index + 1
    data.next_chunk_internal_link = ("/api/2.0/sql/statements/%s/result/chunks/%d?row_offset=%d")
      :format(s.id, index + 1, chunk.from + #chunk.rows)
  end
  if s.disposition == "INLINE" then
    data.data_array = chunk.rows
    data.byte_count = nil
    return data
  end
  data.external_link, data.expiration = link(s, index, req)
  return { external_links = { data } }
end

local function refuse(status, code, message)
  return reply.new {
    status = status,
    headers = { ["Content-Type"] = "application/xml" },
    body = ('<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>%s</Code><Message>%s</Message>'
      .. "</Error>"):format(code, message),
  }
end

-- The body, or the part that the header Range asks for, as cloud storage gives it.
local function file(body, kind, range)
  local from, to = (range or ""):match "^bytes=(%d+)%-(%d*)$"
  from, to = math.tointeger(from), math.tointeger(to)
  if not from then
    return reply.bytes(body, kind)
  elseif from >= #body then
    return refuse(416, "InvalidRange", "The requested range is not satisfiable")
  end
  local last = math.min(to or #body - 1, #body - 1)
  return reply.new { status = 206, body = body:sub(from + 1, last + 1), headers = {
    ["Content-Type"] = kind, ["Content-Range"] = ("bytes %d-%d/%d"):format(from, last, #body) } }
end

--- The handler of external links.
function M.download(server, req)
  local found = links_of(server)[req.params.token]
  if req.headers.authorization then
    return refuse(400, "InvalidArgument", "Only one auth mechanism allowed; only the "
      .. "X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization "
      .. "header should be specified")
  elseif not found or not found.statement.result then
    return refuse(404, "NoSuchKey", "The specified key does not exist.")
  elseif server.clock:now() >= found.expires then
    return refuse(403, "AccessDenied", "Request has expired")
  end
  local s = found.statement
  if s.format == "CSV" then
    return file(csv(s.result, found.index), "text/csv", req.headers.range)
  end
  return file(json.encode(s.result.chunks[found.index + 1].rows), "application/json",
    req.headers.range)
end

return M
