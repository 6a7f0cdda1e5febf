---@meta native.guard
--- What scripts are kept from, and how much they may use. Set by the program's own options; a
-- script can tighten it and never loosen it.
local guard = {}

--- From now on, for the whole process and every connection it has: a request that changes
-- something is refused with a fault `usage` whose code is READ_ONLY, and no program is started.
-- There is no way back.
function guard.set_read_only() end

--- True if only requests that read are made.
---@return boolean
function guard.is_read_only() end

return guard
