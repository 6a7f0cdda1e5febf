---@meta native.databricks
--- A Databricks workspace: credentials, a pool of connections, a limit of calls.
--
--     local databricks = require "native.databricks"
--     local native <close> = databricks.connect { profile = "prod", timeout = 60 }
--     local page = native:pipeline_list { max_results = 10 }
--     for _, item in ipairs(page.statuses or {}) do print(item.pipeline_id, item.name) end
--     print(native:request("GET", "/api/2.0/clusters/list").clusters)
--
-- Each call waits for its answer. A status that is not 2xx raises a fault (`auth` for 401 and 403,
-- else `http`), and so does an answer that is not JSON.
local databricks = {}

---@class tarn.Credential an opaque box; tostring says where it came from, never what it is

---@class tarn.Workspace the handle
local ws = {}

---@class tarn.ConnectOptions
---@field profile? string        a section of the config file; it beats the environment
---@field host? string           with `credential`; then neither environment nor file is read
---@field credential? tarn.Credential
---@field config_file? string    default: $DATABRICKS_CONFIG_FILE, ~/.databrickscfg
---@field alone? boolean         with `profile`: not even the warehouse comes from the environment
---@field public_only? boolean   only to addresses in the open: not to this machine nor to a private network, whatever the host's name resolves to
---@field jobs? integer          most calls in flight; default 64 (the window starts at 32)
---@field rate? number           most calls a second; default no bound
---@field timeout? number        seconds for one call with its retries; default 300

--- Find credentials as all Databricks tools do (explicit, environment, profile) and make a
-- handle. Sends nothing yet.
---@param opts? tarn.ConnectOptions
---@return tarn.Workspace
function databricks.connect(opts) end

--- A credential from a token that the caller was given. The string is copied into a box.
---@param opts { token: string }|{ token_env: string }|{ token_file: string }
---@return tarn.Credential
function databricks.credential(opts) end

---@class tarn.ProfileInfo
---@field name string
---@field host? string
---@field auth_type? string   what would be used; nil with `problem` set if it cannot be told
---@field problem? string
---@field default boolean

--- The profiles of the config file. No secret is among the fields.
---@param config_file? string
---@return tarn.ProfileInfo[] profiles, string? path nil if there is no HOME to look in
function databricks.profiles(config_file) end

--- Print every request and answer on stderr, secrets masked. 0 off, 1 lines, 2 with bodies.
---@param level integer
function databricks.trace(level) end

--- Write every request that is made from now on, and its answer, to a file that is made anew: a
-- line of JSON each, { method, path, request, status, type, body }. What a trace hides is hidden
-- there too: credentials, values of secret names, links that are secrets.
---@param path string
function databricks.record(path) end

---@class tarn.RequestOptions
---@field query? table<string, string|number|boolean|string[]> lists repeat the key; false and 0 are sent, nil is not
---@field body? any             a table is sent as JSON; a string as it is
---@field headers? table<string,string>
---@field idempotent? boolean   may be sent again after an ambiguous failure; default: GET, HEAD, PUT, DELETE
---@field raw? boolean          the body is returned as a string, whatever it holds
---@field timeout? number       seconds for the call with its retries
---@field max_bytes? integer    of the answer; default 256 MiB

---@class tarn.ResponseInfo
---@field status integer
---@field headers table<string,string> names in lower case
---@field tries integer

--- Any REST call. `path` begins with "/" and may carry a query of its own.
---@param method string
---@param path string
---@param opts? tarn.RequestOptions
---@return any body decoded JSON; {} for an empty answer
---@return tarn.ResponseInfo response
function ws:request(method, path, opts) end

---@param id string
---@return table pipeline GetPipelineResponse
function ws:pipeline_get(id) end

--- Never sent twice: an ambiguous failure is a fault with `ambiguous` for the caller to resolve.
---@param spec table the body of POST /api/2.0/pipelines
---@return table answer { pipeline_id } or, with dry_run, { effective_settings }
function ws:pipeline_create(spec) end

--- One page.
---@param query? { max_results?: integer, page_token?: string, filter?: string, order_by?: string|string[] }
---@return table page { statuses?, next_page_token? }
function ws:pipeline_list(query) end

--- Full replacement of the settings.
---@param id string
---@param spec table
function ws:pipeline_edit(id, spec) end

---@param id string
---@param query? { cascade?: boolean, force?: boolean }
function ws:pipeline_delete(id, query) end

--- Never sent twice, as pipeline_create.
---@param id string
---@param body? table
---@return table answer { update_id }
function ws:update_start(id, body) end

---@param id string
---@param update_id string
---@return table update UpdateInfo, without its wrapper
function ws:update_get(id, update_id) end

---@param id string
---@param query? { max_results?: integer, page_token?: string, until_update_id?: string }
---@return table page { updates?, next_page_token?, prev_page_token? }
function ws:update_list(id, query) end

---@param id string
function ws:stop(id) end

---@param id string
---@param query? { max_results?: integer, page_token?: string, filter?: string, order_by?: string|string[] }
---@return table page { events?, next_page_token?, prev_page_token? }
function ws:events(id, query) end

--- POST workspace/import. `bytes` is sent base64-encoded.
---@param path string
---@param bytes string
---@param opts? { format?: string, language?: string, overwrite?: boolean }
function ws:workspace_import(path, bytes, opts) end

---@param path string
---@param opts? { format?: string }
---@return string bytes, string? file_type
function ws:workspace_export(path, opts) end

---@param path string
---@param query? table
---@return table ObjectInfo
function ws:workspace_status(path, query) end

---@param path string
---@return table[] objects
function ws:workspace_list(path) end

---@param path string
function ws:workspace_mkdirs(path) end

---@class tarn.SqlOptions
---@field warehouse_id? string   default: the connection's (DATABRICKS_WAREHOUSE_ID, profile)
---@field catalog? string
---@field schema? string
---@field parameters? { name: string, value?: any, type?: string }[] bound, never pasted; a nil value is NULL
---@field row_limit? integer
---@field disposition? "INLINE"|"EXTERNAL_LINKS"
---@field timeout? number        seconds until the result is there; default 600; then it is cancelled

--- Submit a statement and wait until its result is there. Raises a fault of kind `sql` for
-- FAILED (code, sql_state in the message), CANCELED and CLOSED; never reads them as no rows.
-- A parameter without a type is what its Lua type says: INT or BIGINT, DOUBLE, BOOLEAN, or
-- STRING. Without any warehouse the fault is of kind `usage`.
---@param statement string
---@param opts? tarn.SqlOptions
---@return tarn.Cursor
function ws:sql(statement, opts) end

---@class tarn.Cursor has __close and __gc: a statement still running is cancelled at the warehouse
---@field statement_id string
---@field columns { name: string, type_name: string, type_text: string }[]
---@field truncated boolean
---@field total_rows? integer
local cursor = {}

--- The next row as a list of cells, each a string or `json.null`; nil after the last. Chunks
-- are fetched as they are needed, external links without credentials.
---@return (string|lightuserdata)[]?
function cursor:next() end

function cursor:close() end

---@class tarn.ConnectionInfo
---@field host string
---@field profile? string
---@field auth_type string       "pat", "oauth-m2m", ...
---@field attributes { name: string, value: string, source: string }[] what was used and from where; secrets are "***"
---@field warehouse_id? string
---@field org_id? string         from the first answer's X-Databricks-Org-Id
---@field date? string           the Date header of the newest answer, also of a refusal
---@field date_age_ms? integer   how long ago that answer came

---@return tarn.ConnectionInfo
function ws:info() end

--- Force a token to be had now (a log-in check); raises `auth` faults.
function ws:authenticate() end

---@return { calls: integer, retries: integer, throttled: integer, in_flight: integer, waiting: integer, window: integer, bytes_in: integer, answers: integer, answer_ms: integer }
function ws:stats() end

--- Cancel what is in flight and forget the credential. Using it afterwards is an error.
function ws:close() end

return databricks
