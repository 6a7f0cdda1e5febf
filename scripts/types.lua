local types = require "engine.types"

return {
  summary = "Write typed stubs of the library for an editor.",
  effect = "write",
  details = [[
The stubs (LuaCATS) tell the Lua language server what `require "tarn"`, the other modules, the
primitives and the commands take and return. They go to DIR/.tarn-types; DIR/.luarc.json
points at them, unless there is one already. Write them again after an update of Tarn.]],
  args = {
    { "dir", "path", "The folder that is opened in the editor.", value = "DIR" },
    { "dry_run", "flag", "Name the files, and write none." },
  },
  examples = { { "types ~/.config/tarn", "for your own commands" } },
  see = { "api-reference" },
  render = {
    text = function(data, out)
      out:line(("%d files in %s"):format(#data.files, data.dir))
      if data.kept then
        out:line(".luarc.json was there and stays as it is; its workspace.library must name ",
          '".tarn-types"')
      end
    end,
  },

  run = function(_, arg)
    local files, kept = types.write(arg.dir, arg.dry_run)
    return { dir = arg.dir, files = files, kept = kept }
  end,
}
