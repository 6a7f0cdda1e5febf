---@meta native.databricks
--- Databricks workspaces: credentials, a connection pool, retries, and limits of the rate. Scripts
-- use tarn.workspace, which is built on this library.
--
--     local databricks = require "native.databricks"
--     local native <close> = databricks.connect { profile = "prod", timeout = 60 }
--     local page = native:pipeline_list { max_results = 10 }
--     for _, item in ipairs(page.statuses or {}) do print(item.pipeline_id, item.name) end
--     print(native:request("GET", "/api/2.0/clusters/list").clusters)
--
-- All calls of a workspace wait for the answer, and other tasks run meanwhile. They raise a fault
-- `network` or `timeout` if there is no answer, `auth` for the statuses 401 and 403, `http` for
-- other statuses than 2xx, and `parse` for an answer that is not JSON. A call whose answer is lost
-- is sent again only if that is safe; else the fault has `ambiguous`. In a read-only process, a
-- call that changes something is a fault `usage` with the code READ_ONLY. The use of a closed
-- handle is an error.
--
-- Source: src/api/l_databricks.c; pipelines and updates are in l_pipelines.c, files in
-- l_workspace_files.c, SQL in l_sql.c, profiles in l_profiles.c, log-ins in l_signin.c, and
-- credentials in credential.c beside it.
local databricks = {}

---@class tarn.Credential a secret that Lua cannot read; tostring says where it comes from

---@class tarn.Workspace a workspace; to be closed, as a <close> variable
local ws = {}

---@class tarn.ConnectOptions
---@field profile? string        a profile of the config file; it takes precedence over the
--- environment
---@field host? string           with `credential`: neither environment nor config file is read
---@field account_id? string     for the host of an account
---@field auth_type? string      the log-in method
---@field credential? tarn.Credential
---@field config_file? string    default: $DATABRICKS_CONFIG_FILE, or ~/.databrickscfg
---@field alone? boolean         with `profile`: nothing comes from the environment, not even the
--- warehouse
---@field public_only? boolean   true: refuse addresses of this machine and of private networks,
--- whatever name the host has
---@field jobs? integer          most calls in flight; default 64 (the window begins with 32)
---@field rate? number           most calls per second; default: no limit
---@field timeout? number        seconds for a call with its retries; default 300

--- Find the credentials of a workspace, as all Databricks tools do: options, environment, config
-- file. No request is sent. A fault `auth` if they are missing or contradict each other, `parse` or
-- `io` if the config file is wrong or cannot be read.
---@param opts? tarn.ConnectOptions
---@return tarn.Workspace
function databricks.connect(opts) end

--- Put a token into a box: from a string, an environment variable, or a file. A fault `auth` if the
-- variable or the file has no token.
---@param opts { token: string }|{ token_env: string }|{ token_file: string }
---@return tarn.Credential
function databricks.credential(opts) end

---@class tarn.ProfileInfo
---@field name string
---@field host? string
---@field auth_type? string   the log-in method; nil if `problem` is set
---@field problem? string     why the method cannot be told
---@field default boolean

--- The profiles of the config file, without secrets. A fault `parse` or `io` if the file is wrong
-- or cannot be read.
---@param config_file? string default: $DATABRICKS_CONFIG_FILE, or ~/.databrickscfg
---@return tarn.ProfileInfo[] profiles
---@return string? path of the file; nil without a home directory
---@return string? storage where log-ins are kept, if that is said: "plaintext", "secure"
function databricks.profiles(config_file) end

--- Read an address as a person pastes it. A fault `auth` if it is none.
---@param text string
---@return { host: string, workspace_id?: string, account_id?: string }
function databricks.parse_host(text) end

--- Write values of a profile. All other bytes of the file stay, except for keys of other methods of
-- log-in, which are removed. The first profile of a file becomes the default one. A fault `usage`
-- for an impossible name, `auth` for a malformed file, `io`.
---@param name string
---@param values table<string, string|false> by the file's keys, no secrets; false removes a key
---@param credential? tarn.Credential the token
---@param config_file? string
function databricks.save_profile(name, values, credential, config_file) end

--- Make a profile the default one. A fault `auth` if there is no such profile.
---@param name string
---@param config_file? string
function databricks.choose_profile(name, config_file) end

--- Remove a profile. A fault `auth` if there is no such profile.
---@param name string
---@param config_file? string
function databricks.remove_profile(name, config_file) end

---@class tarn.SignInOptions
---@field host string
---@field account_id? string
---@field discovery_url? string
---@field profile? string      the key of the tokens in the cache; default: the host
---@field scopes? string       separated by commas or blanks; default: all-apis
---@field port? integer        for the browser's answer; default: a free one from 8020 to 8040
---@field wait? number         seconds that the person may take; default: 3600
---@field practice? boolean    true: keep no token
---@field skip_verify? boolean true: do not verify the server's certificate

---@class tarn.SignIn a log-in that is under way; to be closed, as a <close> variable
local signin = {}

--- Begin a log-in of a person with a browser. The tokens go into the cache that Databricks' tools
-- share, and never to Lua. A fault `auth` if the host is none.
---@param opts tarn.SignInOptions
---@return tarn.SignIn
function databricks.sign_in(opts) end

--- Wait for the address to which the browser is to be sent. A fault as of `wait`.
---@return string
function signin:address() end

--- Wait for the end of the log-in. A fault `auth` if it is refused, `timeout` if nobody logs in,
-- `io` if nothing can listen for the answer, or the tokens cannot be kept.
---@return { account_id?: string } account_id: the tokens are those of an account
function signin:wait() end

--- Cancel the log-in, unless it is over.
function signin:close() end

--- End a log-in: the workspace is asked to revoke it, and the tokens are removed from the cache. A
-- fault `auth` if the profile cannot be used, `io` if the cache cannot be written.
---@param opts? { profile?: string, config_file?: string }
---@return { found: boolean, revoked: boolean, why?: string } why: it is not revoked
function databricks.sign_out(opts) end

--- Print all requests and answers on stderr, with secrets masked.
---@param level integer 0: off; 1: a line for each; 2: with bodies
function databricks.trace(level) end

--- Record all further requests and their answers in a new file, as one line of JSON for each:
-- { method, path, request, status, type, body }. Credentials, values with secret names, and secret
-- links are masked. A fault `io` if the file cannot be written.
---@param path string
function databricks.record(path) end

---@class tarn.RequestOptions
---@field query? table<string, string|number|boolean|string[]> a list repeats its key; false and 0
--- are sent
---@field body? any             a table is sent as JSON, a string unchanged
---@field headers? table<string,string>
---@field idempotent? boolean   true: it may be sent again after an ambiguous failure; default: true
--- for GET, HEAD, PUT, DELETE
---@field raw? boolean          true: return the body as a string, whatever it is
---@field timeout? number       seconds for the call with its retries
---@field max_bytes? integer    of the answer; default 256 MiB
---@field nulls? boolean        true: keep fields and elements of the answer that are null; default:
--- null is as absent
---@field shape? string         the form that the answer must have; for another one a fault `parse`
--- is raised. `{id!:s,list:[{n:n}]}`: in braces the fields of an object, with `!` those that may
--- not be missing; in brackets the shape of the elements of a list. `s` is a string, `n` a number;
--- each may be written as the other and is converted. `b` is a boolean, `o` any object, `l` any
--- list, `*` anything. Fields that the shape does not name may be anything

---@class tarn.ResponseInfo
---@field status integer
---@field headers table<string,string> names in lower case
---@field tries integer         the requests that were sent

--- Call any endpoint.
---@param method string
---@param path string begins with "/"; it may have a query
---@param opts? tarn.RequestOptions
---@return any body the decoded JSON; {} for an empty answer
---@return tarn.ResponseInfo response
function ws:request(method, path, opts) end

--- Get a pipeline. Its `spec` is exact; elsewhere null is as absent.
---@param id string
---@return table pipeline GetPipelineResponse
function ws:pipeline_get(id) end

--- Create a pipeline. Never sent twice: if the answer is lost, the fault has `ambiguous`, and the
-- caller must look whether the pipeline exists.
---@param spec table the body of POST /api/2.0/pipelines
---@return table answer { pipeline_id }, or with dry_run { effective_settings }
function ws:pipeline_create(spec) end

---@class tarn.PageQuery
---@field max_results? integer
---@field page_token? string  of the page before
---@field filter? string
---@field order_by? string|string[]

--- Get a page of the list of pipelines.
---@param query? tarn.PageQuery
---@return table page { statuses?, next_page_token? }
function ws:pipeline_list(query) end

--- Replace all settings of a pipeline.
---@param id string
---@param spec table the body of PUT /api/2.0/pipelines/{id}
function ws:pipeline_edit(id, spec) end

--- Delete a pipeline.
---@param id string
---@param query? { cascade?: boolean, force?: boolean }
function ws:pipeline_delete(id, query) end

--- Start an update. Never sent twice, like pipeline_create.
---@param id string of the pipeline
---@param body? table the body of POST /api/2.0/pipelines/{id}/updates
---@return table answer { update_id }
function ws:update_start(id, body) end

--- Get an update.
---@param id string of the pipeline
---@param update_id string
---@return table update UpdateInfo
function ws:update_get(id, update_id) end

--- Get a page of a pipeline's updates, newest first.
---@param id string of the pipeline
---@param query? { max_results?: integer, page_token?: string, until_update_id?: string }
---@return table page { updates?, next_page_token?, prev_page_token? }
function ws:update_list(id, query) end

--- Stop the active update of a pipeline. Has no effect on an idle pipeline.
---@param id string of the pipeline
function ws:stop(id) end

--- Get a page of a pipeline's events.
---@param id string of the pipeline
---@param query? tarn.PageQuery
---@return table page { events?, next_page_token?, prev_page_token? }
function ws:events(id, query) end

--- Import a notebook or a file.
---@param path string in the workspace
---@param bytes string sent as base64
---@param opts? { format?: string, language?: string, overwrite?: boolean }
function ws:workspace_import(path, bytes, opts) end

--- Export a notebook or a file.
---@param path string in the workspace
---@param opts? { format?: string }
---@return string bytes
---@return string? file_type
function ws:workspace_export(path, opts) end

--- Get the type of a notebook, file or folder.
---@param path string in the workspace
---@param query? table further parameters of the request
---@return table ObjectInfo
function ws:workspace_status(path, query) end

--- List a folder.
---@param path string in the workspace
---@return table[] objects ObjectInfo
function ws:workspace_list(path) end

--- Create a folder and its parents, unless they exist.
---@param path string in the workspace
function ws:workspace_mkdirs(path) end

---@class tarn.SqlOptions `ws:sql` also takes `text`: true leaves all cells as texts
---@field warehouse_id? string   default: DATABRICKS_WAREHOUSE_ID, or the profile's
---@field catalog? string        of unqualified names
---@field schema? string         of unqualified names
---@field parameters? { name: string, value?: any, type?: string }[] bound parameters; without a
--- value NULL
---@field row_limit? integer     most rows of the result
---@field disposition? "INLINE"|"EXTERNAL_LINKS" how the result is sent: in answers of the
--- workspace, at most 25 MiB, or in files of any size, behind links that expire; default: INLINE,
--- and if the result is too large and the statement only reads, it runs again with EXTERNAL_LINKS
---@field timeout? number        seconds until the result is ready, then the statement is cancelled;
--- default 600

--- Run a statement and wait until its result is ready. A fault `sql` if the statement failed, was
-- cancelled, or its result was discarded: it is never shown as an empty result. A fault `usage` if
-- no warehouse is known. The type of a parameter follows from its value: INT or BIGINT, DOUBLE,
-- BOOLEAN, or STRING.
---@param statement string
---@param opts? tarn.SqlOptions
---@return tarn.Cursor
function ws:sql(statement, opts) end

---@class tarn.Cursor the rows of a result; closing it cancels a running statement at the warehouse
---@field statement_id string
---@field columns { name: string, type_name: string, type_text: string }[]
---@field truncated boolean      true if the warehouse has cut the result
---@field total_rows? integer
local cursor = {}

--- The next row. Further chunks of the result are fetched when they are needed, external links
-- without credentials. Raises like `ws:sql`.
---@return (string|lightuserdata)[]? row each cell is a string or json.null; nil after the last row
function cursor:next() end

--- Close the cursor. Closing twice is not an error.
function cursor:close() end

---@class tarn.ConnectionInfo
---@field host string
---@field profile? string
---@field auth_type string       the log-in method: "pat", "oauth-m2m", ...
---@field attributes { name: string, value: string, source: string }[] the attributes and their
--- sources; secrets are "***"
---@field warehouse_id? string
---@field org_id? string         the X-Databricks-Org-Id of the first answer
---@field date? string           the Date header of the newest answer, also of a refusal
---@field date_age_ms? integer   milliseconds since that answer

--- How the workspace is connected.
---@return tarn.ConnectionInfo
function ws:info() end

--- Get a token now, to check the credentials. A fault `auth` if that fails.
function ws:authenticate() end

--- Print the token that requests have on standard output. It does not become a value of Lua. Waits,
-- and raises faults, as `authenticate`.
---@param format? "text"|"json" default: "text"
---@param renew? boolean true: get a new token, even if there is a valid one
function ws:show_token(format, renew) end

--- Print the settings as commands for a POSIX shell on standard output.
---@param secrets? boolean true: print secrets, too
function ws:show_environment(secrets) end

---@class tarn.WorkspaceStats
---@field calls integer      requests sent, with retries
---@field retries integer    requests sent again
---@field throttled integer  answers that limited the rate
---@field in_flight integer  requests that wait for an answer
---@field waiting integer    requests that wait to be sent
---@field window integer     requests that may be in flight now
---@field bytes_in integer   bytes received
---@field answers integer    answers received
---@field answer_ms integer  milliseconds that these answers took, in all

--- Statistics of the workspace's calls.
---@return tarn.WorkspaceStats
function ws:stats() end

--- Cancel all calls and wipe the credential. Closing twice is not an error.
function ws:close() end

return databricks
