--- The pipelines of the disaster-recovery workspace: fewer, in other catalogs, on another cloud. It
--- lacks a part of what a clone from the demo workspace needs, so that a clone has work to do.

local json = require "native.json"

local ADA <const>, LARS <const> = "ada.okafor@example.com", "lars.nygaard@example.com"
local DEPLOY <const> = "6f3a2b1c-9d8e-4f70-a1b2-c3d4e5f60718"

local M = {}

M.catalogs = { "main", "sales_dr", "finance_dr" }

M.objects = { secrets = { { "finance", "netsuite_token" } } }

local function classic(node)
  return json.array { { label = "default", node_type_id = node,
    autoscale = { min_workers = 1, max_workers = 2, mode = "ENHANCED" } } }
end

M.pipelines = {
  { "sales_orders_etl", by = DEPLOY, code = "glob", runs = "24 CCC",
    graph = { "ST bronze_orders <- files:/Volumes/sales_dr/raw/orders",
      "ST silver_orders <- bronze_orders ! valid_order_id DROP order_id IS NOT NULL",
      "MV gold_daily_orders <- silver_orders" },
    spec = { catalog = "sales_dr", schema = "orders", serverless = true,
      tags = { team = "sales-data" } } },
  { "finance_gl_close", by = DEPLOY, code = "sql",
    graph = { "ST gl_entries_raw <- files:/Volumes/finance_dr/raw/gl",
      "ST gl_entries <- gl_entries_raw ! balanced FAIL debit = credit" },
    spec = { catalog = "finance_dr", schema = "gl", clusters = classic "Standard_DS3_v2",
      configuration = { ["netsuite.token"] = "{{secrets/finance/netsuite_token}}" } } },
  { "finance_fx_rates", by = DEPLOY, code = "python", runs = "12 CF",
    graph = { "MV fx_rates <- finance_dr.raw.fx ! positive_rate DROP rate > 0" },
    spec = { catalog = "finance_dr", schema = "fx", serverless = true, development = true } },
  { "replication_monitor", by = LARS, code = "python", runs = "50 R",
    graph = { "ST replication_lag <- files:/Volumes/main/raw/replication ! lag_known ALLOW lag IS "
      .. "NOT NULL" },
    spec = { catalog = "main", schema = "replication", continuous = true,
      clusters = classic "Standard_D4ds_v5" } },
  { "failover_drill", by = ADA, code = "sql", runs = "160 C",
    graph = { "MV drill_results <- main.replication.replication_lag" },
    spec = { catalog = "main", schema = "drills", serverless = true, development = true } },
}

return M
