set(text "// Generated from schema/*.sql.\n#include \"db/migrate.h\"\nnamespace hf::db {\nstd::vector<Migration> embedded_migrations() {\n  return {\n")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} sql)
  # Compilers need not take literals over 64 KiB; one subject a file keeps far below.
  string(APPEND text "      {\"${name}\", R\"hfsql(${sql})hfsql\"},\n")
endforeach()
string(APPEND text "  };\n}\n}  // namespace hf::db\n")
file(WRITE ${OUT} "${text}")
