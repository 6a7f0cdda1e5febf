# What the page takes from npm, as it comes, and the name of each file in the bundle. Read by
# CMakeLists.txt and by src/bundle/embed.cmake, both of which set ROOT.
set(vendor_names "")
set(vendor_files "")
set(vendor_missing "")

macro(vendor name file)
  set(path "${ROOT}/src/web/node_modules/${file}")
  if(EXISTS "${path}")
    list(APPEND vendor_names "web/assets/vendor/${name}")
    list(APPEND vendor_files "${path}")
    string(MAKE_C_IDENTIFIER "web/assets/vendor/${name}" id)
    set("from_${id}" "${path}")
  elseif(NOT vendor_missing)
    set(vendor_missing "src/web/node_modules/${file}")
  endif()
endmacro()

# preact with its hooks, and htm, in one module
vendor(preact.js htm/preact/standalone.module.js)
vendor(preact.LICENSE htm/LICENSE)
vendor(dagre.js @dagrejs/dagre/dist/dagre.esm.js)
vendor(dagre.LICENSE @dagrejs/dagre/LICENSE)
