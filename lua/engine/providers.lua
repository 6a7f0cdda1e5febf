--- What the engine needs from the modules above it, which it must not require: main puts
-- the functions here when the program starts.

---@class tarn.Providers
---@field workspace fun(profile?: string, opts?: table): tarn.WorkspaceClient opens a workspace
---@field candidates fun(kind: string, given: table<string, any>): tarn.Name[] values of an
--- argument that a workspace, the journal or the configuration knows

---@type tarn.Providers
local M = {}

return M
