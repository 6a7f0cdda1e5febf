--- Lays out help texts: wraps words, and aligns pairs of texts in two columns.

local M = {}

--- The columns of a line, where the screen has as many.
M.WIDTH = 92

local LEFT <const> = 30  -- a longer text of the left column has a line of its own
local DEEP <const> = 14  -- lines that begin further right are the right column, not an example

-- The columns of a text. Help has no wide characters.
local function width_of(text)
  return utf8.len(text) or #text
end

--- Wrap a text at blanks.
---@param text string
---@param indent string what the second and later lines begin with
---@param width? integer columns of a line (default 92)
---@param used? integer columns before the text (default: those of `indent`)
---@return string
function M.wrap(text, indent, width, used)
  local room = (width or M.WIDTH) - #indent
  local lines, line = {}, ""
  local left = room - ((used or #indent) - #indent)
  for word in text:gmatch "%S+" do
    if line ~= "" and width_of(line) + 1 + width_of(word) > left then
      lines[#lines + 1] = line
      line, left = word, room
    else
      line = line == "" and word or line .. " " .. word
    end
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n" .. indent)
end

--- Append pairs of texts in two columns, the right one wrapped.
---@param lines string[]
---@param rows { [1]: string, [2]: string }[]
---@param least? integer columns that the left texts have at least
function M.two_columns(lines, rows, least)
  local width = least or 0
  for _, row in ipairs(rows) do
    width = math.max(width, math.min(#row[1], LEFT))
  end
  local indent = (" "):rep(width + 4)
  for _, row in ipairs(rows) do
    local left = ("  %-" .. width .. "s"):format(row[1])
    if #row[1] > width then
      lines[#lines + 1] = left
      lines[#lines + 1] = indent .. M.wrap(row[2], indent)
    else
      lines[#lines + 1] = left .. "  " .. M.wrap(row[2], indent)
    end
  end
end

--- The first sentence of a text, on one line. A full stop inside of quotes ends no sentence.
---@param text string
---@return string
function M.sentence(text)
  local line = text:gsub("%s+", " ")
  local from = 1
  while true do
    local stop = line:find("%.%s%u", from)
    if not stop then
      return line
    end
    local before = line:sub(1, stop)
    local _, ticks = before:gsub("`", "")
    local _, quotes = before:gsub('"', "")
    if ticks % 2 == 0 and quotes % 2 == 0 and not before:find "%.%.%.$" then
      return before
    end
    from = stop + 1
  end
end

---@class tarn.TextBlock
---@field kind "prose"|"term"|"verbatim"|"blank"
---@field indent string  blanks before each line of prose, or before the term
---@field head? string   of a term: the line up to its text, with the blanks between
---@field text string

-- Where a line belongs: its kind, what stands before its text, and its text.
local function classify(line)
  if not line:find "%S" then
    return "blank", "", ""
  end
  local head, rest = line:match "^(%s*%S.-%s%s+)(%S.*)$"
  if head and not line:find "^%s*[%-*] " and #head <= 40 then
    return "term", head, rest
  end
  local indent, text = line:match "^(%s*)(.*)$"
  local dash = text:match "^[-*] +"
  if dash then
    return "term", indent .. dash, text:sub(#dash + 1)
  elseif indent ~= "" and #indent < DEEP then
    return "verbatim", indent, text
  end
  return "prose", indent, text
end

--- The parts of a text: paragraphs, terms with their explanations, and lines that stay as they are
-- because they are indented. Line breaks inside a part have no meaning.
---@param text string
---@return tarn.TextBlock[]
function M.blocks(text)
  local blocks = {}
  for line in (text:gsub("\n$", "") .. "\n"):gmatch "(.-)\n" do
    local kind, head, rest = classify(line)
    local last = blocks[#blocks]
    local indent = line:match "^%s*"
    if last and last.kind == "term" and kind ~= "blank" and #indent == #last.head
      and #indent > 0 then
      last.text = last.text .. " " .. line:sub(#indent + 1)
    elseif last and kind == "prose" and last.kind == "prose" and last.indent == head then
      last.text = last.text .. " " .. rest
    else
      blocks[#blocks + 1] = { kind = kind, text = rest, head = kind == "term" and head or nil,
        indent = kind == "term" and indent or head }
    end
  end
  return blocks
end

-- A block as lines of at most so many columns.
local function laid_out(block, width)
  if block.kind == "term" then
    local head, indent = block.head, (" "):rep(width_of(block.head))
    if #indent > width // 2 then
      return head:gsub("%s+$", "") .. "\n" .. block.indent .. "    "
        .. M.wrap(block.text, block.indent .. "    ", width)
    end
    if width_of(head) + width_of(block.text) <= width then
      return head .. block.text
    end
    return head .. M.wrap(block.text, indent, width)
  elseif block.kind == "verbatim" and #block.indent + width_of(block.text) <= width then
    return block.indent .. block.text
  elseif block.kind == "verbatim" then
    -- an example goes on further right than the explanation below it
    local indent = #block.indent > 3 and block.indent or block.indent .. (" "):rep(8)
    return block.indent .. M.wrap(block.text, indent, width, #block.indent)
  end
  local indent = #block.indent > width // 2 and "    " or block.indent
  return indent .. M.wrap(block.text, indent, width)
end

--- Wrap a whole text anew for a screen: paragraphs are filled, and the texts of terms and of the
-- right column stay in their columns.
---@param text string
---@param width number columns of the screen
---@return string
function M.fill(text, width)
  width = math.tointeger(math.max(20, math.min(width, M.WIDTH)))
  local lines = {}
  for _, block in ipairs(M.blocks(text)) do
    lines[#lines + 1] = block.kind == "blank" and "" or laid_out(block, width)
  end
  return table.concat(lines, "\n") .. "\n"
end

return M
