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

--- Bytes by the name of their part; nil if the body does not fit the boundary.
---@param body string
---@param boundary string
---@return table<string,string>?
function M.find_parts(body, boundary)
  local mark = "--" .. boundary
  local parts = {}
  local from, to = body:find(mark, 1, true)
  while from do
    if body:sub(to + 1, to + 2) == "--" then
      return parts
    end
    local next_from, next_to = body:find("\r\n" .. mark, to + 1, true)
    local _, head_end = body:find("\r\n\r\n", to + 1, true)
    if not next_from or not head_end or head_end >= next_from + 4 then
      return nil
    end
    local name = body:sub(to + 1, head_end):match '[;%s]name="([^"]*)"'
    if not name then
      return nil
    end
    parts[name] = body:sub(head_end + 1, next_from - 1)
    to = next_to
  end
end

return M
