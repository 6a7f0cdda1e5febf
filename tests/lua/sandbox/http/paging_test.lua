-- Each list that has pages, with the parameter for their size, the field of the rows, and the field
-- that names a row.

local workspace = require "testing.workspace"

local LISTS <const> = {
  { "/api/2.0/pipelines", "max_results", "statuses", "pipeline_id" },
  { "/api/2.0/pipelines/ID/updates", "max_results", "updates", "update_id" },
  { "/api/2.0/pipelines/ID/events", "max_results", "events", "id" },
  { "/api/2.2/jobs/list", "limit", "jobs", "job_id" },
  { "/api/2.2/jobs/runs/list", "limit", "runs", "run_id" },
  { "/api/2.0/sql/warehouses", "page_size", "warehouses", "id" },
  { "/api/2.0/policy-families", "max_results", "policy_families", "policy_family_id" },
  { "/api/2.1/clusters/list", "page_size", "clusters", "cluster_id" },
  { "/api/2.1/unity-catalog/catalogs", "max_results", "catalogs", "name" },
  { "/api/2.1/unity-catalog/schemas?catalog_name=sales", "max_results", "schemas", "name" },
  { "/api/2.1/unity-catalog/tables?catalog_name=sales&schema_name=orders", "max_results", "tables",
    "name" },
  { "/api/2.1/unity-catalog/table-summaries?catalog_name=sales", "max_results", "tables",
    "full_name" },
  { "/api/2.1/unity-catalog/volumes?catalog_name=sales&schema_name=raw", "max_results", "volumes",
    "full_name" },
  { "/api/2.1/unity-catalog/connections", "max_results", "connections", "name" },
  { "/api/2.1/unity-catalog/external-locations", "max_results", "external_locations", "name" },
  { "/api/2.1/unity-catalog/permissions/catalog/sales", "max_results", "privilege_assignments",
    "principal" },
  { "/api/2.1/unity-catalog/effective-permissions/schema/sales.orders", "max_results",
    "privilege_assignments", "principal" },
  { "/api/2.0/fs/directories/Volumes/sales/raw/orders", "page_size", "contents", "path" },
}

local function with(path, query)
  return path .. (path:find "%?" and "&" or "?") .. query
end

test("every list gives each row once, whatever the size of its pages", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local pipeline = w:ok("GET", "/api/2.0/pipelines?filter=name+LIKE+'sales_orders_etl'").statuses[1]
  for _, case in ipairs(LISTS) do
    local path, size, field, key = case[1]:gsub("ID", pipeline.pipeline_id), case[2], case[3],
      case[4]
    local most = field == "events" and 50 or 20
    local whole = w:ok("GET", with(path, size .. "=" .. most))
    t.is_true(#whole[field] > 0, path)
    for _, n in ipairs { 1, 2, 3 } do
      local rows, token = {}, nil
      repeat
        local page = w:ok("GET", with(path, size .. "=" .. n .. (token and "&page_token=" .. token
          or "")))
        t.is_true(#page[field] <= n, path)
        for _, row in ipairs(page[field]) do
          rows[#rows + 1] = row[key]
        end
        token = page.next_page_token
      until not token or token == "" or #rows >= most
      for i = 1, math.min(#rows, #whole[field]) do
        t.equal(rows[i], whole[field][i][key], ("%s by %d"):format(path, n))
      end
      t.is_true(whole.next_page_token or #rows == #whole[field], ("%s by %d"):format(path, n))
    end
  end
end)

test("a list refuses a page token that it has not made", function(t)
  local w <close> = workspace.start { scenario = "demo" }
  local pipeline = w:ok("GET", "/api/2.0/pipelines?filter=name+LIKE+'sales_orders_etl'").statuses[1]
  local other = w:ok("GET", "/api/2.0/pipelines?max_results=1&order_by=name").next_page_token
  for _, case in ipairs(LISTS) do
    local path = case[1]:gsub("ID", pipeline.pipeline_id)
    for _, token in ipairs { "x", "Z2FyYmFnZQ==", other } do
      local status, answer = w:call("GET", with(path, "page_token=" .. token))
      t.equal({ status, answer.error_code }, { 400, "INVALID_PARAMETER_VALUE" }, path)
    end
    local status = w:call("GET", with(path, case[2] .. "=-1"))
    t.equal(status, 400, path)
    t.equal((w:call("GET", with(path, case[2] .. "=x"))), 400, path)
  end
end)
