--- Functions of higher layers that the engine calls but must not require. main sets them when the
-- program starts.

---@class tarn.Providers
---@field workspace fun(profile?: string, opts?: table): tarn.WorkspaceClient opens a workspace
---@field candidates fun(kind: string, given: table<string, any>, typed: string): tarn.Name[] for
--- completion: names of pipelines, profiles and so on; `typed` is the beginning of the word

---@type tarn.Providers
local M = {}

return M
