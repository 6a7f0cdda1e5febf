local types = require "engine.types"

return {
  summary = "Write typed stubs of the library, for an editor.",
  effect = "write",
  details = [[
The stubs (LuaCATS) tell the Lua language server the types of the library, the primitives and the
commands. They are written to DIR/.tarn-types. DIR/.luarc.json, which refers to them, is written
too, unless it exists. Run the command again after an update of Tarn.]],
  args = {
    { "dir", "path", "The folder that you open in the editor.", value = "DIR" },
    { "dry_run", "flag", "List the files, and write none." },
  },
  examples = { { "types ~/.config/tarn", "write stubs for your own commands" } },
  see = { "api-reference" },
  render = {
    text = function(data, screen)
      screen:line(("%d files in %s"):format(#data.files, data.dir))
      if data.kept then
        screen:line(".luarc.json exists and was not changed; its workspace.library must name ",
          '".tarn-types"')
      end
    end,
  },

  run = function(_, arg)
    local files, kept = types.write(arg.dir, arg.dry_run)
    return { dir = arg.dir, files = files, kept = kept }
  end,
}
