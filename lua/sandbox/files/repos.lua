--- /api/2.0/repos: the Git folders of the workspace; and /api/2.0/git-credentials. Nothing is
--- fetched from anywhere: a new Git folder is empty.

local json = require "native.json"
local errors = require "sandbox.http.errors"
local fields = require "sandbox.http.fields"
local paging = require "sandbox.http.paging"
local tree = require "sandbox.files.tree"

local M = {}

M.schema = [[
CREATE TABLE IF NOT EXISTS git_credentials(
  id INTEGER PRIMARY KEY, owner TEXT NOT NULL, provider TEXT NOT NULL, user_name TEXT,
  name TEXT);
]]

local PAGE <const> = 20 -- Git folders on a page

local PROVIDERS <const> = {
  github = "gitHub", githubenterprise = "gitHubEnterprise", gitlab = "gitLab",
  gitlabenterpriseedition = "gitLabEnterpriseEdition", bitbucketcloud = "bitbucketCloud",
  bitbucketserver = "bitbucketServer", azuredevopsservices = "azureDevOpsServices",
  awscodecommit = "awsCodeCommit",
}

local function provider_of(body, field)
  local name = fields.required(body, field)
  return PROVIDERS[name:lower()] or errors.invalid("'%s' is not a Git provider.", name)
end

local function info(object)
  local repo = json.decode(object.git)
  repo.id, repo.path = object.id, "/Workspace" .. object.path
  return repo
end

local function list(w, req)
  local prefix = req.query.path_prefix
  prefix = prefix and prefix ~= "" and tree.path(prefix) or "/"
  local rows = {}
  for _, object in ipairs(w.db:query("SELECT path, id, git FROM tree WHERE type = 'REPO' "
    .. "ORDER BY path")) do
    if object.path:sub(1, #prefix) == prefix and tree.may_read(req.principal, object.path) then
      rows[#rows + 1] = object
    end
  end
  local page, more = paging.page(req.query, "repos|" .. prefix, rows, PAGE, "path")
  local repos = {}
  for i, object in ipairs(page) do
    repos[i] = info(object)
  end
  return { repos = #repos > 0 and repos or nil, next_page_token = more }
end

local function repo_of(w, req)
  local id = math.tointeger(tonumber(req.params.id))
  local object = id and w.db:find_row("SELECT path, id, git FROM tree WHERE type = 'REPO' "
    .. "AND id = ?", { id })
  if not object or not tree.may_read(req.principal, object.path) then
    errors.missing("Repo %s does not exist.", req.params.id)
  end
  return object
end

local function get(w, req)
  return info(repo_of(w, req))
end

local function create(w, req)
  local body = req.body
  local url, provider = fields.required(body, "url"), provider_of(body, "provider")
  local name = url:gsub("%.git$", ""):gsub("/+$", ""):match "([^/:]+)$"
  if not name or not url:find "^https://" then
    errors.invalid("Invalid Git repository URL: %s", url)
  end
  local path = tree.path(body.path
    or ("/Repos/%s/%s"):format(req.principal.user_name, name))
  tree.check_write(req.principal, path)
  return w:write(function()
    if tree.find(w, path) then
      errors.raise(400, "RESOURCE_ALREADY_EXISTS", ("Path (%s) already exists."):format(path))
    end
    tree.plant(w, { path = path, type = "REPO", git = json.encode {
      url = url, provider = provider, branch = "main",
      head_commit_id = ("%016x%016x%08x"):format(math.random(0), math.random(0),
        math.random(0, 0xffffffff)),
      sparse_checkout = body.sparse_checkout } })
    return info(w.db:find_row("SELECT path, id, git FROM tree WHERE path = ?", { path }))
  end)
end

local function update(w, req)
  local object = repo_of(w, req)
  tree.check_write(req.principal, object.path)
  local branch, tag = req.body.branch, req.body.tag
  if branch and tag then
    errors.invalid "Only one of 'branch' and 'tag' can be set."
  end
  local git = json.decode(object.git)
  git.branch = branch or not tag and git.branch or nil
  git.sparse_checkout = req.body.sparse_checkout or git.sparse_checkout
  w:write(function()
    w.db:exec("UPDATE tree SET git = ? WHERE id = ?", { json.encode(git), object.id })
  end)
  return {}
end

local function delete(w, req)
  local object = repo_of(w, req)
  tree.check_write(req.principal, object.path)
  w:write(function()
    tree.delete(w, tree.find(w, object.path), true)
  end)
  return {}
end

local function credential_info(row)
  return { credential_id = row.id, git_provider = row.provider, git_username = row.user_name,
    name = row.name, is_default_for_provider = true }
end

local function list_credentials(w, req)
  local rows = w.db:query("SELECT * FROM git_credentials WHERE owner = ? ORDER BY id",
    { req.principal.user_name })
  for i, row in ipairs(rows) do
    rows[i] = credential_info(row)
  end
  return #rows > 0 and { credentials = rows } or {}
end

local function credential_of(w, req)
  local id = math.tointeger(tonumber(req.params.id))
  return id and w.db:find_row("SELECT * FROM git_credentials WHERE id = ? AND owner = ?",
    { id, req.principal.user_name })
    or errors.missing("Git credential with ID %s does not exist.", req.params.id)
end

local function get_credential(w, req)
  return credential_info(credential_of(w, req))
end

-- The token of a credential is checked, and not kept.
local function create_credential(w, req)
  local body = req.body
  local provider = provider_of(body, "git_provider")
  fields.required(body, "personal_access_token")
  return w:write(function()
    if w.db:find_row("SELECT 1 AS yes FROM git_credentials WHERE owner = ? AND provider = ?",
      { req.principal.user_name, provider }) then
      errors.raise(400, "RESOURCE_ALREADY_EXISTS", "Only one Git credential is supported for a "
        .. "user and a provider.")
    end
    w.db:exec("INSERT INTO git_credentials(owner, provider, user_name, name) VALUES (?, ?, ?, ?)",
      { req.principal.user_name, provider, body.git_username, body.name })
    return credential_info(w.db:find_row "SELECT * FROM git_credentials ORDER BY id DESC LIMIT 1")
  end)
end

local function delete_credential(w, req)
  local row = credential_of(w, req)
  w:write(function()
    w.db:exec("DELETE FROM git_credentials WHERE id = ?", { row.id })
  end)
  return {}
end

local REPO <const> = { body = {
  url = "string", provider = "string", path = "string", branch = "string", tag = "string",
  sparse_checkout = { patterns = { "string" } },
} }

local CREDENTIAL <const> = { body = {
  git_provider = "string", git_username = "string", personal_access_token = "string",
  name = "string",
} }

local PATH <const>, CREDENTIALS <const> = "/api/2.0/repos", "/api/2.0/git-credentials"

M.routes = {
  { "GET", PATH, list },
  { "POST", PATH, create, REPO },
  { "GET", PATH .. "/{id}", get },
  { "PATCH", PATH .. "/{id}", update, REPO },
  { "DELETE", PATH .. "/{id}", delete },
  { "GET", CREDENTIALS, list_credentials },
  { "POST", CREDENTIALS, create_credential, CREDENTIAL },
  { "GET", CREDENTIALS .. "/{id}", get_credential },
  { "DELETE", CREDENTIALS .. "/{id}", delete_credential },
}

return M
