--- Ids and labels of nodes, for the graphs of a lineage in DOT and Mermaid. Pure.

local M = {}

--- A text as valid UTF-8 without control characters: these become blanks, invalid bytes U+FFFD.
---@param text any
---@return string
function M.plain(text)
  text = tostring(text)
  while not utf8.len(text) do
    local _, at = utf8.len(text)
    text = text:sub(1, at - 1) .. "\u{FFFD}" .. text:sub(at + 1)
  end
  return (text:gsub("[%c\127]", " "):gsub("\xc2[\x80-\x9f]", " "))
end

--- An id for each table of a lineage: `list` of { id, row, role } in drawing order, and `of`, the
-- id by name.
---@param data table
---@return { list: table[], of: table<string, string> }
function M.numbered(data)
  local ids = { list = {}, of = {} }
  for _, group in ipairs { { data.upstream, "upstream" }, { data.datasets, "own" },
    { data.downstream, "downstream" } } do
    for _, row in ipairs(group[1]) do
      local id = "n" .. #ids.list + 1
      ids.of[row.fqn] = id
      ids.list[#ids.list + 1] = { id = id, row = row, role = group[2] }
    end
  end
  return ids
end

--- The names of datasets in copies and origins, as nodes with an edge each.
---@param data table
---@param ids table result of `numbered`
---@return { id: string, label: string, from: string, to: string, word: string }[]
function M.copies(data, ids)
  local links = {}
  for _, clone in ipairs(data.clones) do
    local place = type(clone.profile) == "string" and clone.profile or clone.org_id
    for _, pair in ipairs(clone.datasets) do
      local id, here = "c" .. #links + 1, ids.of[pair.fqn]
      if here then
        local is_copy = clone.direction == "copy"
        links[#links + 1] = { id = id, label = ("%s (%s)"):format(pair.there, place),
          from = is_copy and here or id, to = is_copy and id or here, word = "copy" }
      end
    end
  end
  return links
end

return M
