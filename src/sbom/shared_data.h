// Test helper: real documents that the repository does not ship, from the folder in HF_SHARED_DATA.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <gtest/gtest.h>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

namespace hf::sbom::test {

inline std::filesystem::path shared_data(const std::string& name) {
  const char* folder = std::getenv("HF_SHARED_DATA");
  return (folder ? std::filesystem::path(folder) : std::filesystem::path(HF_TEST_DATA) / "../../../shared/data") / name;
}

// Every regular file of a (compressed) tar by name, or the one content of a compressed file under "data".
inline std::map<std::string, std::string> unpack(const std::filesystem::path& path) {
  std::map<std::string, std::string> files;
  const std::unique_ptr<archive, decltype(&archive_read_free)> in(archive_read_new(), &archive_read_free);
  archive_read_support_filter_all(in.get());
  archive_read_support_format_tar(in.get());
  archive_read_support_format_raw(in.get());
  if (archive_read_open_filename(in.get(), path.c_str(), 1U << 16) != ARCHIVE_OK) return files;
  for (archive_entry* entry = nullptr; archive_read_next_header(in.get(), &entry) == ARCHIVE_OK;) {
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    auto& content = files[archive_entry_pathname(entry)];
    char buffer[1U << 16];
    for (la_ssize_t got = 0; (got = archive_read_data(in.get(), buffer, sizeof buffer)) > 0;)
      content.append(buffer, static_cast<std::size_t>(got));
  }
  return files;
}

}  // namespace hf::sbom::test

#define HF_NEEDS_SHARED_DATA(name)                                   \
  if (!std::filesystem::exists(::hf::sbom::test::shared_data(name))) \
  GTEST_SKIP() << "set HF_SHARED_DATA to the folder that holds " << (name)
