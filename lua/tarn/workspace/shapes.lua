--- The form that answers of `request` must have, as far as the library relies on it. The typed
-- primitives have theirs in src/api. native.databricks says how a shape is written.

local M = {}

local SPEC <const> = "{name:s,catalog:s,schema:s,target:s,storage:s,libraries:[{notebook:{path:s},"
  .. "file:{path:s},glob:{include:s}}],configuration:o,event_log:{catalog:s,schema:s,name:s},"
  .. "ingestion_definition:o,gateway_definition:o}"

-- Endpoints that are read with GET: the pattern of the path, and the shape. The first one counts.
local SHAPES <const> = {
  { "^/api/2%.0/pipelines/[^/]+$", "{pipeline_id:s,name:s,state:s,latest_updates:[{"
    .. "update_id:s,state:s,creation_time:s}],spec:" .. SPEC .. "}" },
  { "^/api/2%.0/preview/scim/v2/Me$",
    "{id:s,userName:s,displayName:s,groups:[{display:s,value:s}]}" },
  { "^/api/2%.0/preview/scim/v2/%a+$", "{Resources:[{userName:s,displayName:s,applicationId:s}]}" },
  { "^/api/2%.0/permissions/", "{access_control_list:[{user_name:s,group_name:s,"
    .. "service_principal_name:s,display_name:s,all_permissions:[{permission_level!:s,"
    .. "inherited:b,inherited_from_object:[s]}]}]}" },
  { "^/api/2%.0/sql/warehouses$", "{warehouses:[{id!:s,name:s,state:s}],next_page_token:s}" },
  { "^/api/2%.0/sql/warehouses/", "{id:s,name:s,state:s,health:{status:s,summary:s}}" },
  { "^/api/2%.1/unity%-catalog/catalogs$", "{catalogs:[{name!:s,comment:s}],next_page_token:s}" },
  { "^/api/2%.1/unity%-catalog/current%-metastore%-assignment$", "{metastore_id:s}" },
  { "^/api/2%.1/unity%-catalog/tables$", "{tables:[{name:s,catalog_name:s,schema_name:s,"
    .. "table_type:s,data_source_format:s,comment:s,pipeline_id:s}],next_page_token:s}" },
  { "^/api/2%.1/unity%-catalog/tables/",
    "{table_type:s,data_source_format:s,comment:s,pipeline_id:s,"
    .. "columns:[{name!:s,type_text:s,type_name:s,position:n}]}" },
  { "^/api/2%.1/unity%-catalog/table%-summaries$",
    "{tables:[{full_name!:s,table_type:s}],next_page_token:s}" },
  { "^/api/2%.0/lineage%-tracking/table%-lineage$", "{upstreams:[{tableInfo:o,"
    .. "pipelineInfos:[{pipeline_id:s}]}],downstreams:[{tableInfo:o,"
    .. "pipelineInfos:[{pipeline_id:s}]}]}" },
  { "^/api/2%.0/lineage%-tracking/column%-lineage$", "{upstream_cols:[{name:s,catalog_name:s,"
    .. "schema_name:s,table_name:s}]}" },
}

--- The shape of an answer; nil for an endpoint that the library does not read.
---@param method string
---@param path string
---@return string?
function M.find(method, path)
  local bare = path:match "^[^?]*"
  for _, entry in ipairs(method == "GET" and SHAPES or {}) do
    if bare:find(entry[1]) then
      return entry[2]
    end
  end
end

return M
