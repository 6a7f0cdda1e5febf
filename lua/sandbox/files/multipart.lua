--- The parts of a multipart/form-data body.

local M = {}

--- The boundary named by a Content-Type header, or nil if it is not multipart/form-data.
---@param content_type string?
---@return string?
function M.find_boundary(content_type)
  if not content_type or not content_type:lower():find "^multipart/form%-data" then
    return nil
  end
  return content_type:match '[bB][oO][uU][nN][dD][aA][rR][yY]="([^"]+)"'
    or content_type:match "[bB][oO][uU][nN][dD][aA][rR][yY]=([^;%s]+)"
end

-- Where the next delimiter begins and ends, and whether it closes the body.
local function find_delimiter(body, mark, from)
  while true do
    local first, last = body:find(mark, from, true)
    if not first then
      return nil
    end
    local tail = body:sub(last + 1, last + 2)
    local at_start = first == 1 or body:sub(first - 2, first - 1) == "\r\n"
    if at_start and (tail == "\r\n" or tail == "--") then
      return first, last, tail == "--"
    end
    from = last + 1
  end
end

--- The bytes of each part by its name; nil if the body does not fit the boundary.
---@param body string
---@param boundary string
---@return table<string,string>?
function M.find_parts(body, boundary)
  local mark, parts = "--" .. boundary, {}
  local _, last, is_end = find_delimiter(body, mark, 1)
  while last and not is_end do
    local _, head_end = body:find("\r\n\r\n", last + 1, true)
    local first, after, ends = find_delimiter(body, mark, last + 1)
    local name = head_end and body:sub(last + 1, head_end):match '[;%s]name="([^"]*)"'
    if not first or not name or head_end >= first then
      return nil
    end
    parts[name] = body:sub(head_end + 1, first - 3)
    last, is_end = after, ends
  end
  return is_end and parts or nil
end

return M
